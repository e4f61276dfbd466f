"""The public key of recordings is there for anybody, and never the private one."""

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from server import signing_key

PATH = "/.well-known/jietan-recording-key.pem"


def test_the_public_key_is_published(office):
    assert office.anonymous.get(PATH).status_code == 404
    key = signing_key.load(office.settings)
    answer = office.anonymous.get(PATH)
    assert answer.status_code == 200
    assert load_pem_public_key(answer.content).public_bytes_raw() == key.public
    assert "PRIVATE" not in answer.text
