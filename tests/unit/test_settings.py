from __future__ import annotations

import pytest
from pydantic import SecretStr

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


def test_a_file_variable_that_is_empty_names_no_file():
    config = load_config(None, {"STRIPE_API_KEY_FILE": "", "STRIPE_API_KEY": "rk_test_x"})

    assert config.deployment.sources["main"].api_key == SecretStr("rk_test_x")


def test_the_line_break_at_the_end_of_a_key_is_none_of_it():
    config = load_config(None, {"STRIPE_API_KEY": "rk_test_x\n"})

    assert config.deployment.sources["main"].api_key == SecretStr("rk_test_x")


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_keys_of_eventbridge_come_from_the_environment_or_a_file(tmp_path, suffix):
    keys = f"{'n' * 32}, {'o' * 40}"
    (tmp_path / "keys").write_text(keys)
    name = f"SUBFOLD_SOURCES__MAIN__EVENTBRIDGE_SECRETS{suffix}"
    config = load_config(None, {name: str(tmp_path / "keys") if suffix else keys})
    secrets = config.deployment.sources["main"].eventbridge_secrets

    assert [secret.get_secret_value() for secret in secrets] == ["n" * 32, "o" * 40]
    assert "nnn" not in repr(config)


def test_a_key_of_eventbridge_that_could_be_guessed_is_refused_and_not_shown():
    with pytest.raises(SettingsError, match="at least 32") as refused:
        load_config(None, {"SUBFOLD_SOURCES__MAIN__EVENTBRIDGE_SECRETS": "swordfish"})

    assert "eventbridge_secrets" in str(refused.value)
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "place", "near"),
    [
        ("[kafka]\n\nprefx = 'a'\n", ":3: kafka.prefx", "'prefix'"),
        ("[kafk]\nprefix = 'a'\n", ":1: kafk", "'kafka'"),
        ("[stages]\nprecedense = []\n", ":2: stages.precedense", "'precedence'"),
        ("[mrr]\npreset = 'standart'\n", ":2: mrr.preset", "did you mean 'standard'?"),
        ("[stages]\nbetween = 'latst'\n", ":2: stages.between", "did you mean 'latest'?"),
        ("[contact]\nmatch = 'customer'\n", ":2: contact.match", "did you mean 'customer_id'?"),
        ("[contact]\nlook_in = ['invoice', 'costumer']\n", ":2: contact", "mean 'customer'?"),
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
        ({"STRIPE_API_KEY_FILE": "/nowhere"}, "environment: STRIPE_API_KEY_FILE: /nowhere"),
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
        ('[stages]\nprecedence = ["Customer", "Trial", "Churn", "Trial"]\n', "twice"),
        ('[mrr]\nweeks_per_month = "4.3"\n', "mrr.weeks_per_month: must be an exact fraction"),
        (
            2 * '[[automations]]\nname = "a"\non = "subscription_canceled"\n',
            ":1: automations: two are named 'a'",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(written, text, says):
    with pytest.raises(SettingsError) as refused:
        load_config(written(text), {})

    assert says in str(refused.value)


@pytest.mark.parametrize("given", ['"yes"', '"true"', "1", "0", "0.0"])
@pytest.mark.parametrize("key", ["mrr.count_past_due", "contact.create_missing"])
def test_what_is_true_or_false_is_not_guessed_from_other_types(written, key, given):
    table, word = key.split(".")
    with pytest.raises(SettingsError) as refused:
        load_config(written(f"[{table}]\n{word} = {given}\n"), {})

    assert f"subfold.toml:2: {key}: must be true or false" in str(refused.value)


RULES = """[stages]
precedence = ["Trial", "Customer"]
[[stages.rules]]
name = "Trial"
when = {{ status = "trialing" }}
[[stages.rules]]
name = "Customer"
when = {{ {} }}
"""


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("", "when: names no condition"),
        ("statsu = 'a'", "when.statsu: unknown word; did you mean 'status'?"),
        ("status = { equal = 'a' }", "status.equal: unknown word; did you mean 'equals'?"),
        ("mrr = { atleast = 5 }", "mrr.atleast: unknown word; did you mean 'at_least'?"),
        ("status = { greater = 5 }", "status.greater: impossible here: status is text; valid are"),
        ("quantity = { contains = 5 }", "quantity.contains: impossible here: quantity is a number"),
        ("ever_paying = { exists = true }", "impossible here: ever_paying is true or false"),
        ("status = 5", "when.status: must be text"),
        ("status = ['active', 5]", "when.status: must be text"),
        ("quantity = '5'", "when.quantity: must be a whole number"),
        ("quantity = true", "when.quantity: must be a whole number"),
        ("quantity = 5.0", "when.quantity: must be a whole number"),
        ("mrr = { less = true }", "when.mrr.less: must be a whole number"),
        ("cancel_scheduled = 1", "when.cancel_scheduled: must be true or false"),
        ("status = []", "when.status: it is empty"),
        ("status = {}", "when.status: a table of conditions names at least one operator"),
        ("metadata = 'gold'", "when.metadata: must be a table"),
        ("metadata = { tier = 5 }", "when.metadata.tier: must be text"),
        ("metadata.tier.less = 5", "when.metadata.tier.less: impossible here: tier is text"),
        ("metadata.exists.less = 5", "when.metadata.exists.less: impossible here: exists is text"),
        ("mrr = { at_least = 10, less = 5 }", "mrr: can never hold: less = 5, at_least = 10"),
        ("mrr = { greater = 5, at_most = 5 }", "can never hold: greater = 5, at_most = 5"),
        ("mrr = { greater = 5, less = 5 }", "can never hold: greater = 5, less = 5"),
        ("mrr = { at_least = 5, at_most = 5, not = 5 }", "can never hold: not = [5], at_least = 5"),
        ("mrr = { any_of = [1, 9], greater = 9 }", "can never hold: any_of = [1, 9], greater = 9"),
        ("mrr = { equals = 1, less = 1 }", "can never hold: any_of = [1], less = 1"),
        ("mrr = { exists = false, less = 1 }", "can never hold: exists = false, less = 1"),
        ("currency = 'USD'", "when.currency: currencies are written in small letters"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_with_its_line(written, when, says):
    with pytest.raises(SettingsError) as refused:
        load_config(written(RULES.format(when)), {})

    assert "subfold.toml:8: stages.rules.1.when" in str(refused.value)
    assert says in str(refused.value)
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize(
    "when",
    [
        "mrr = { at_least = 5, at_most = 5 }",
        "mrr = { greater = 5, less = 6 }",  # 5 1/2: MRR is exact
        "mrr = { at_least = 5, at_most = 6, not = [5, 6] }",
        "mrr = { any_of = [1, 9], greater = 8 }",
        "mrr = { not = 5, exists = false }",
        "quantity = { less = 5 }",
    ],
)
def test_a_narrow_condition_on_a_number_is_none_that_never_holds(written, when):
    assert load_config(written(RULES.format(when)), {})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        #  the line of the word, however the tables are written
        ('[[stages.rules]]\nname = "A"\n[stages.rules.when]\nstatus = "a"\nquantty = 1\n', ":5:"),
        ('[stages]\nrules = [\n{ name = "A", when = { statsu = "a" } },\n]\n', ":3:"),
        ('[[stages.rules]]\nname = "A"\n', ":1:"),
        ('[business]\nprimary = "main"\n', ":2:"),
        ("# stages\n\nstages = 3\n", ":3:"),
        ('[[sources]]\nid = "test"\n[[sources]]\nid = "b"\nprefx = 1\n', ":5:"),
    ],
)
def test_the_line_is_found_in_every_way_to_write_it(written, text, place):
    with pytest.raises(SettingsError) as refused:
        load_config(written(text), {})

    assert f"subfold.toml{place}" in str(refused.value)


@pytest.mark.parametrize(
    ("key", "word", "valid"),
    [
        ("mrr", "mrr", "'subscription.mrr', 'committed_mrr', 'metadata:<key>'"),
        ("renewal_date", "trial", "'subscription.current_period_end', 'trial_end'"),
        ("renewal_date", "metadata:", "'metadata:<key>'"),
        ("primary", "main", "'metadata:<key>'"),
    ],
)
def test_a_word_that_is_none_of_those_meant_is_answered_with_them(written, key, word, valid):
    with pytest.raises(SettingsError) as refused:
        load_config(written(f'[business]\n{key} = "{word}"\n'), {})

    assert f"business.{key}: must be one of" in str(refused.value)
    assert valid in str(refused.value)


def test_files_that_mean_the_same_have_the_same_hash(written):
    loud = load_config(written("# a comment\n[mrr]\npreset = 'standard'\n"), {}).business
    other = load_config(written("[contact]\nkind = 'user'\n"), {}).business

    assert loud.content_hash() == BusinessSettings().content_hash()
    assert other.content_hash() != loud.content_hash()
