"""Settings that are true or false, in the file and in the environment."""

from pathlib import Path

import pytest

from sre_copilot.domain.errors import InvalidSettings
from sre_copilot.settings import Settings

VARIABLE = "SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_private_addresses_are_refused_unless_somebody_allows_them(file: Path) -> None:
    assert Settings.load({}, written(file, "")).allow_private_addresses is False
    assert Settings.load({VARIABLE: ""}, file).allow_private_addresses is False


@pytest.mark.parametrize(
    ("word", "meant"), [("true", True), ("1", True), (" Yes\n", True), ("ON", True), ("false", False), ("0", False)]
)
def test_the_environment_says_true_or_false_in_words_that_people_use(file: Path, word: str, meant: bool) -> None:
    assert Settings.load({VARIABLE: word}, written(file, "")).allow_private_addresses is meant


def test_the_file_says_it_as_toml_does_and_the_environment_wins(file: Path) -> None:
    written(file, "allow_private_addresses = true")
    assert Settings.load({}, file).allow_private_addresses is True
    assert Settings.load({VARIABLE: "no"}, file).allow_private_addresses is False


def test_a_word_that_means_neither_is_refused_by_the_name_of_its_variable(file: Path) -> None:
    with pytest.raises(InvalidSettings, match=f"{VARIABLE} must be one of true, "):
        Settings.load({VARIABLE: "maybe"}, written(file, ""))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('allow_private_addresses = "true"', "allow_private_addresses must be true or false, not str"),
        ("allow_private_addresses = 1", "allow_private_addresses must be true or false, not int"),
        ("data_folder = true", "data_folder must be a string, not bool"),
        ("allow_private_adresses = true", "there is no setting 'allow_private_adresses'"),
    ],
)
def test_what_the_file_gets_wrong_is_named(file: Path, text: str, problem: str) -> None:
    with pytest.raises(InvalidSettings, match=problem):
        Settings.load({}, written(file, text))


@pytest.mark.parametrize(
    "variable",
    ["SRE_COPILOT_DATA_FOLDER", "SRE_COPILOT_KEY", "SRE_COPILOT_PORT", "SRE_COPILOT_SUPPORT", "SRE_COPILOT_"],
)
def test_a_variable_of_our_name_that_is_no_setting_is_refused_and_the_settings_are_named(
    file: Path, variable: str
) -> None:
    with pytest.raises(InvalidSettings, match=rf"There is no setting {variable}; .*SRE_COPILOT_DATA, "):
        Settings.load({variable: "/srv/copilot"}, written(file, ""))


@pytest.mark.parametrize(
    "suffix",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_8080_TCP",
        "PORT_8080_TCP_ADDR",
        "WEB_SERVICE_HOST",
        "WEB_PORT",
    ],
)
def test_what_kubernetes_says_of_a_service_of_our_name_is_no_misspelt_setting(file: Path, suffix: str) -> None:
    assert Settings.load({f"SRE_COPILOT_{suffix}": "tcp://10.0.0.1:8080"}, written(file, "")) == Settings()


@pytest.mark.parametrize("named", ["/etc/keys.json", "file:/etc/keys.json"])
def test_the_key_file_is_a_path_in_the_environment_and_in_the_file_with_its_prefix_or_without(
    file: Path, named: str
) -> None:
    assert Settings.load({"SRE_COPILOT_KEYS": named}, written(file, "")).key_file == Path("/etc/keys.json")
    assert Settings.load({}, written(file, f'key_file = "{named}"')).key_file == Path("/etc/keys.json")
    assert Settings(key_file=named).key_file == Path("/etc/keys.json")


def test_the_environment_names_another_key_file_than_the_settings_do_and_wins(file: Path) -> None:
    written(file, 'key_file = "/etc/keys.json"')
    assert Settings.load({"SRE_COPILOT_KEYS": "/run/keys.json"}, file).key_file == Path("/run/keys.json")
    assert Settings.load({}, written(file, "")).key_file is None
