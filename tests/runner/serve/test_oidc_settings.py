"""Settings of the sign-in: from a file or the environment, refused with a sentence, and never with a secret in it."""

import json
from pathlib import Path

import pytest

from secondreader.db.access.oidc_accounts import compute_account_hash
from secondreader.runner.serve.oidc_settings import (
    PREFIX,
    REQUIRED_KEYS,
    SignInError,
    build_app_environment,
    get_issuer,
    load_sign_in_settings,
)

GOOD = {
    "redirect_uri": "https://desk.example.org/oauth2callback",
    "cookie_secret": "canary" * 8,
    "client_id": "reader",
    "client_secret": "canary-client",
    "server_metadata_url": "https://id.example.org/.well-known/openid-configuration",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings stay out."""
    for key in REQUIRED_KEYS:
        monkeypatch.delenv(PREFIX + key.upper(), raising=False)


def written(folder: Path, **changed: str) -> Path:
    """A secrets file; an empty value leaves its line out."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in (GOOD | changed).items() if value]
    file = folder / "secrets.toml"
    file.write_text("\n".join(["[auth]", *lines]))
    return file


def test_nothing_set_means_no_sign_in() -> None:
    """Without file and environment an app starts as before."""
    assert build_app_environment("desk", None) == {}


def test_each_app_signs_with_a_key_of_its_own(tmp_path: Path) -> None:
    """Neither app's process gets the other's key, nor the secret that both come from."""
    environments = {
        app: build_app_environment(app, written(tmp_path))["SECONDREADER_SIGN_IN"]
        for app in ("desk", "console")
    }
    keys = {app: json.loads(one)["cookie_secret"] for app, one in environments.items()}
    assert keys["desk"] != keys["console"]
    assert all(GOOD["cookie_secret"] not in one for one in environments.values())
    assert {len(key) for key in keys.values()} == {64}


def test_the_environment_says_the_same_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five variables in place of five lines."""
    for key, value in GOOD.items():
        monkeypatch.setenv(PREFIX + key.upper(), value)
    assert load_sign_in_settings(None) == load_sign_in_settings(written(tmp_path)) == GOOD
    monkeypatch.delenv(PREFIX + "CLIENT_ID")
    with pytest.raises(SignInError, match="SECONDREADER_OIDC_CLIENT_ID"):
        load_sign_in_settings(None)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"client_id": ""}, "needs client_id"),
        ({"cookie_secret": "canary-short"}, "shorter than 32 bytes"),
        ({"redirect_uri": "https://desk.example.org/"}, "end with /oauth2callback"),
        ({"redirect_uri": "http://desk.example.org/oauth2callback"}, "must begin with https://"),
        ({"server_metadata_url": "https://id.example.org/"}, "must end with /.well-known"),
        ({"server_metadata_url": "http://id.example.org/.well-known/openid-configuration"}, "https://"),
        ({"expose_tokens": "id"}, "expose_tokens, which the sign-in does not know"),
    ],
)
def test_wrong_settings_are_told_without_a_secret(
    tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    """One sentence that says which setting, and holds no value that is secret."""
    with pytest.raises(SignInError) as caught:
        build_app_environment("desk", written(tmp_path, **changed))
    assert sentence in str(caught.value)
    assert "canary" not in str(caught.value).replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("[auth", "is not TOML"), ("a = 1", r"no \[auth\] table"), (None, "cannot be read")],
)
def test_unreadable_files_are_told(tmp_path: Path, text: str | None, sentence: str) -> None:
    """A file that is not there, is not TOML, or has no such table."""
    file = tmp_path / "s.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SignInError, match=sentence):
        load_sign_in_settings(file)


def test_an_issuer_is_the_same_with_and_without_its_last_slash() -> None:
    """Providers differ in it; an address is the same in any case, a subject is not."""
    issuer = get_issuer(GOOD)
    assert issuer == "https://id.example.org"
    assert compute_account_hash(issuer, email="Ada@Example.org") == compute_account_hash(
        issuer + "/", email="ada@example.org"
    )
    assert compute_account_hash(issuer, subject="Ada") != compute_account_hash(issuer, subject="ada")
    assert compute_account_hash(issuer, subject="ada@example.org") != compute_account_hash(
        issuer, email="ada@example.org"
    )
    assert compute_account_hash(issuer, subject="ada") != compute_account_hash(
        "https://other.example.org", subject="ada"
    )
