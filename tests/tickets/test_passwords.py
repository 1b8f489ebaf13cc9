"""Slow hashes."""

import time

from tickets.passwords import Passwords


async def test_a_password_is_verified_against_its_own_hash_only() -> None:
    passwords = Passwords(memory_kib=8, rounds=1)
    hashed = await passwords.hash("secret")
    assert hashed.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert hashed != await passwords.hash("secret")
    assert await passwords.verify(hashed, "secret")
    assert not await passwords.verify(hashed, "Secret")
    assert not await passwords.verify("not a hash", "secret")


async def test_nobodys_password_is_refused_after_the_same_work() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("secret")
    started = time.process_time()
    assert not await passwords.verify(hashed, "wrong")
    real = time.process_time() - started
    started = time.process_time()
    assert not await passwords.verify(None, "nobody")
    nobody = time.process_time() - started
    assert nobody > real / 3
