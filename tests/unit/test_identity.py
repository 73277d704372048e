"""What a password costs to guess, which the other tests spare themselves."""

import runpy

from app.accounts import identity

OWASP = "$argon2id$v=19$m=19456,t=2,p=1$"


def test_a_password_is_hashed_at_the_cost_that_owasp_asks_for() -> None:
    real = runpy.run_path(identity.__file__)
    kept, fits = real["hash_password"]("mot-mat-khau-dai"), real["password_fits"]
    assert kept.startswith(OWASP)
    assert fits(kept, "mot-mat-khau-dai")
    assert not fits(kept, "mot-mat-khau-da")


def test_whom_nobody_knows_costs_as_much_as_whom_somebody_knows() -> None:
    real = runpy.run_path(identity.__file__)
    assert real["_nobody"].startswith(OWASP)
    assert not real["password_fits"](None, "mot-mat-khau-dai")
