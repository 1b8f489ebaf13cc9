"""What pages and API share on the way in: who asks, from where, and the headers on the way out."""
