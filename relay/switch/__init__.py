"""The blind part of the relay: joins two websockets and copies sealed records between them."""
