"""Settings of the sign-in with an account: read from Streamlit's secrets file or the environment, checked, per app.

The file is Streamlit's own `.streamlit/secrets.toml`: its [auth] table with redirect_uri, cookie_secret, client_id,
client_secret and server_metadata_url, for one provider.
"""

import hashlib
import hmac
import ipaddress
import json
import os
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REQUIRED_KEYS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
PREFIX = "SECONDREADER_OIDC_"
"""SECONDREADER_OIDC_CLIENT_ID and so on: the same settings without a file."""
WELL_KNOWN = "/.well-known/openid-configuration"
CALLBACK = "/oauth2callback"
SECRET_BYTES = 32


class SignInError(Exception):
    """A setting of the sign-in that is missing or wrong, in one sentence. It never holds a value that is secret."""


def build_app_environment(app: str, file: Path | None) -> dict[str, str]:
    """The environment variable that turns an app's sign-in on; empty without settings. Raises SignInError."""
    settings = load_sign_in_settings(file)
    if not settings:
        return {}
    if find_spec("authlib") is None:
        raise SignInError("Signing in with an account needs the extra: pip install 'secondreader[oidc]'.")
    # desk and console sign their cookies with keys of their own: the desk's process cannot make one for the console
    key = hmac.new(settings["cookie_secret"].encode(), app.encode(), hashlib.sha256).hexdigest()
    return {"SECONDREADER_SIGN_IN": json.dumps(settings | {"cookie_secret": key})}


def load_sign_in_settings(file: Path | None) -> dict[str, Any]:
    """The settings of a secrets file, or of the environment where none is named; empty if nothing is set."""
    settings, source = (
        (read_settings_file(file), str(file)) if file else (read_settings_environment(), "the environment")
    )
    if not settings:
        return {}
    missing = [key if file else PREFIX + key.upper() for key in REQUIRED_KEYS if not settings.get(key)]
    if missing:
        raise SignInError(f"The sign-in needs {', '.join(missing)} in {source} too.")
    check_settings(settings, source)
    return settings


def read_settings_file(file: Path) -> dict[str, Any]:
    """The [auth] table of a secrets file."""
    try:
        auth = tomllib.loads(file.read_text("utf-8")).get("auth")
    except OSError as error:
        raise SignInError(f"The secrets file {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SignInError(f"The secrets file {file} is not TOML.") from None
    # a file without the table was named for a reason: no silent start without sign-in
    if not isinstance(auth, dict):
        raise SignInError(f"The secrets file {file} has no [auth] table.")
    # a misspelled key would leave its setting at a default that nobody chose
    unknown = sorted(set(auth) - {*REQUIRED_KEYS, "client_kwargs"})
    if unknown:
        raise SignInError(f"[auth] in {file} has {', '.join(unknown)}, which the sign-in does not know.")
    return auth


def read_settings_environment() -> dict[str, Any]:
    """The settings of the environment."""
    values = {key: os.environ.get(PREFIX + key.upper(), "") for key in REQUIRED_KEYS}
    return {key: value for key, value in values.items() if value}


def check_settings(settings: dict[str, Any], source: str) -> None:
    """Refuse settings that would fail at the first sign-in, or make it weak."""
    for key in REQUIRED_KEYS:
        if not isinstance(settings[key], str):
            raise SignInError(f"{key} in {source} must be a text.")
    # a short secret can be guessed, and with it anybody's session
    if len(settings["cookie_secret"].encode()) < SECRET_BYTES:
        raise SignInError(
            f"cookie_secret in {source} is shorter than {SECRET_BYTES} bytes: make a random one."
        )
    if not settings["redirect_uri"].endswith(CALLBACK):
        raise SignInError(f"redirect_uri in {source} must be the app's own address and end with {CALLBACK}.")
    if not settings["server_metadata_url"].endswith(WELL_KNOWN):
        raise SignInError(f"server_metadata_url in {source} must end with {WELL_KNOWN}.")
    for key in ("redirect_uri", "server_metadata_url"):
        # the app's port takes this spot when it starts: any number serves for the check
        if not is_safe_url(settings[key].replace("{port}", "0")):
            raise SignInError(f"{key} in {source} must begin with https:// (http only on this machine).")


def is_safe_url(url: str) -> bool:
    """Whether nobody on the way can read what is sent to this address."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        loopback = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = parts.hostname == "localhost"
    return parts.scheme == "http" and loopback


def get_issuer(settings: dict[str, Any]) -> str:
    """The issuer that a metadata address belongs to (OpenID Connect Discovery 1.0, 4.3)."""
    address: str = settings["server_metadata_url"]
    return address.removesuffix(WELL_KNOWN)
