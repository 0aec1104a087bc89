from __future__ import annotations

import pytest

from schemas.errors import SettingsError
from schemas.settings import BusinessSettings
from streams.settings import load_config


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "subfold.toml"
        path.write_text(text)
        return path

    return write


def test_nothing_at_all_gives_main_with_live_and_test_mode():
    config = load_config(None, {})

    assert list(config.deployment.sources) == ["main"]
    assert config.deployment.sources["main"].test
    assert config.business == BusinessSettings()


def test_a_source_that_is_written_down_has_no_test_mode_unless_it_says_so(written):
    config = load_config(written('[[sources]]\nid = "eu"\naccounts = ["acct_1"]\n'), {})

    assert list(config.deployment.sources) == ["eu"]
    assert not config.deployment.sources["eu"].test


def test_the_environment_wins_over_the_file(written):
    path = written("[kafka]\npartitions = 3\nprefix = 'a.'\n")
    config = load_config(path, {"SUBFOLD_KAFKA__PARTITIONS": "5"})

    assert (config.deployment.kafka.partitions, config.deployment.kafka.prefix) == (5, "a.")


def test_well_known_variables_are_understood_and_ours_win_over_them():
    config = load_config(
        None,
        {
            "KAFKA_BOOTSTRAP_SERVERS": "theirs:9092",
            "SUBFOLD_KAFKA__BOOTSTRAP_SERVERS": "ours:9092",
            "STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old",
        },
    )
    secrets = config.deployment.sources["main"].webhook_secrets

    assert config.deployment.kafka.bootstrap_servers == "ours:9092"
    assert [secret.get_secret_value() for secret in secrets] == ["whsec_new", "whsec_old"]
    assert "whsec" not in repr(config)


@pytest.mark.parametrize(
    "name", ["STRIPE_WEBHOOK_SECRET_FILE", "SUBFOLD_SOURCES__MAIN__WEBHOOK_SECRETS_FILE"]
)
def test_a_secret_may_come_from_a_file(tmp_path, name):
    (tmp_path / "secret").write_text("whsec_filed\n")
    config = load_config(None, {name: str(tmp_path / "secret")})
    [secret] = config.deployment.sources["main"].webhook_secrets

    assert secret.get_secret_value() == "whsec_filed"


@pytest.mark.parametrize(
    ("text", "place", "near"),
    [
        ("[kafka]\n\nprefx = 'a'\n", ":3: kafka.prefx", "'prefix'"),
        ("[kafk]\nprefix = 'a'\n", ":1: kafk", "'kafka'"),
        ("[stages]\nprecedense = []\n", ":2: stages.precedense", "'precedence'"),
        ("[mrr]\npreset = 'standart'\n", ":2: mrr.preset", "'standard'"),
        ("[[automations]]\nname = 'a'\nonn = 'b'\n", ":3: automations.0.onn", "'on'"),
    ],
)
def test_an_unknown_word_is_refused_with_its_line_and_the_nearest_valid_one(
    written, text, place, near
):
    with pytest.raises(SettingsError) as refused:
        load_config(written(text), {})

    assert f"subfold.toml{place}" in str(refused.value)
    assert near in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ({"SUBFOLD_KAFA__PREFIX": "a"}, "did you mean 'kafka'?"),
        ({"SUBFOLD_KAFKA__PREFX": "a"}, "did you mean 'prefix'?"),
        ({"SUBFOLD_KAFKA__PARTITIONS": "many"}, "kafka.partitions"),
        ({"SUBFOLD_KAFKA__SASL_PASSWORD_FILE": "/nowhere"}, "/nowhere: cannot be read"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(variable, says):
    with pytest.raises(SettingsError) as refused:
        load_config(None, variable)

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[kafka\n", "not valid TOML"),
        ("[sources]\nmain = 1\n", "[[sources]]"),
        ('[[sources]]\nid = "a"\n[[sources]]\nid = "a"\n', "same id"),
        ('[[sources]]\nid = "UPPER"\n', "sources"),
        ('[stages]\nprecedence = ["Trial"]\n', "leaves out"),
        ('[stages]\nprecedence = ["Customer", "Trial", "Churn", "X"]\n', "no rule"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(written, text, says):
    with pytest.raises(SettingsError) as refused:
        load_config(written(text), {})

    assert says in str(refused.value)


def test_files_that_mean_the_same_have_the_same_hash(written):
    loud = load_config(written("# a comment\n[mrr]\npreset = 'standard'\n"), {}).business
    other = load_config(written("[contact]\nkind = 'user'\n"), {}).business

    assert loud.content_hash() == BusinessSettings().content_hash()
    assert other.content_hash() != loud.content_hash()
