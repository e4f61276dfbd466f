"""What passwords are hashed with where no test makes it cheap."""

from tests import conftest


def test_an_installation_hashes_with_64_mib_and_three_passes() -> None:
    kept = conftest.INSTALLED.hash("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, second recommended option
    assert conftest.INSTALLED.verify(kept, "correct horse battery")
