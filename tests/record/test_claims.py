"""Each part's claims are carried by what is recorded, and one that is turned round is named."""

import copy

import pytest

from kwslib.errors import KwsError
from kwslib.record.claims import KINDS, Claim, check, load_claims
from kwslib.record.comparison import load_results, recorded_folder

CLAIMS = load_claims()
SWEEPS = recorded_folder() / "sweeps"


@pytest.fixture(scope="module")
def recorded():
    return load_results()


@pytest.mark.parametrize("claim", CLAIMS, ids=[f"{claim.part}: {claim.says[:50]}" for claim in CLAIMS])
def test_a_claim_holds(claim, recorded):
    assert [outcome.holds for outcome in check([claim], recorded, SWEEPS)] == [True]


def test_each_part_makes_three_to_six():
    parts = [claim.part for claim in CLAIMS]
    assert {parts.count(part) in range(3, 7) for part in range(1, 7)} == {True}


def holds(recorded, **test):
    (found,) = check([Claim(3, "It is so.", test)], recorded, SWEEPS)
    return found.holds


def test_an_interval_is_held_to_its_side():
    value = {"value": 0.5, "unit": "fraction", "ci95": [0.4, 0.6], "n": 5}
    results = {"03_training": {"values": {"x": value}}}
    assert holds(results, interval="03_training/x", above=0.3)
    assert not holds(results, interval="03_training/x", above=0.45)
    assert holds(results, interval="03_training/x", below=0.7)
    assert holds(results, interval="03_training/x", around=0.45)
    assert not holds(results, interval="03_training/x", above=0.38, comparisons=4)
    assert holds(results, interval="03_training/x", below="accuracy_testing")
    assert not holds(results, interval="03_training/x", above="field_accuracy:low")


def test_two_values_lie_apart_or_do_not():
    low, high = ({"value": x, "unit": "", "ci95": [x - 1, x + 1]} for x in (2.0, 5.0))
    results = {"03_training": {"values": {"low": low, "high": high}}}
    assert holds(results, apart=["03_training/high", "03_training/low"])
    assert not holds(results, apart=["03_training/low", "03_training/high"])
    assert not holds(results, together=["03_training/low", "03_training/high"])
    assert holds(results, value="03_training/high", over="03_training/low", above=2.4)
    assert not holds(results, value="03_training/high", below=5)


def test_a_bound_of_a_share_is_in_percent_as_its_value_is():
    results = {
        "03_training": {
            "values": {"a": {"value": 0.382, "unit": "fraction"}, "b": {"value": 4, "unit": "ms"}}
        }
    }
    claims = [Claim(3, "?", {"value": f"03_training/{name}", "below": 0.5}) for name in "ab"]
    share, time = check(claims, results)
    assert (share.shown, share.rule, time.rule) == ("38.2 %", "value below 50 %", "value below 0.5")


def test_paired_rows_are_subtracted_seed_by_seed(tmp_path):
    rows = [
        f"{kind},{seed},{seed / 10 + shift + seed**2 / 1000}"
        for kind, shift in (("a", 0.05), ("b", 0))
        for seed in range(5)
    ]
    (tmp_path / "s.csv").write_text("kind,seed,testing\n" + "\n".join(rows))
    results = {"03_training": {"values": {}}}
    asked = {"sweep": "s", "column": "testing", "of": {"kind": "a"}, "less": {"kind": "b"}}
    (found,) = check([Claim(3, "a beats b.", {"paired": asked, "above": 0})], results, tmp_path)
    assert found.holds  # though seeds differ by eight times as much
    assert found.shown.startswith("+5.0 points")
    same = asked | {"less": {"kind": "a"}}
    (found,) = check([Claim(3, "a is a.", {"paired": same, "around": 0})], results, tmp_path)
    assert found.shown == "+0.0 points (+0.0 to +0.0)"
    turned = {"paired": asked | {"of": {"kind": "b"}, "less": {"kind": "a"}}, "above": 0}
    assert not check([Claim(3, "b beats a.", turned)], results, tmp_path)[0].holds
    with pytest.raises(KwsError, match="no two seeds"):
        check([Claim(3, "?", {"paired": asked | {"of": {"kind": "c"}}, "above": 0})], results, tmp_path)


def test_answers_that_changed_are_tested_by_mcnemar():
    results = {"03_training": {"values": {"a": {"value": 1, "unit": ""}, "b": {"value": 12, "unit": ""}}}}
    changed = ["03_training/a", "03_training/b"]
    assert holds(results, mcnemar=changed, told=True)
    assert not holds(results, mcnemar=changed, told=False)


def test_a_claim_that_was_turned_round_names_its_sentence(recorded):
    turned = copy.deepcopy(recorded)
    value = turned["03_training"]["values"]["accuracy_testing_original_protocol"]
    value["ci95"] = [bound + 0.03 for bound in value["ci95"]]
    wrong = [each for each in check(CLAIMS, turned, SWEEPS) if not each.holds]
    assert any("our reconstruction" in str(each) and "must change" in str(each) for each in wrong)
    assert {each.claim.part for each in wrong} == {3}


def test_parts_that_are_not_recorded_claim_nothing(recorded):
    only = {part: recorded[part] for part in ("01_preprocessing",)}
    assert {each.claim.part for each in check(CLAIMS, only, SWEEPS)} == {1}


def test_a_value_that_is_missing_is_named(recorded):
    with pytest.raises(KwsError, match="03_training/nothing is not recorded"):
        check([Claim(3, "?", {"value": "03_training/nothing", "above": 0})], recorded, SWEEPS)


@pytest.mark.parametrize(
    "test", [{"interval": "03_training/x", "above": 0}, {"apart": ["03_training/x"] * 2}]
)
def test_a_value_of_one_seed_has_no_interval(test):
    results = {"03_training": {"values": {"x": {"value": 0.4, "unit": "fraction", "n": 1}}}}
    with pytest.raises(KwsError, match="03_training/x has no interval"):
        check([Claim(3, "?", test)], results)


def test_a_claim_without_a_test_is_refused(tmp_path):
    path = tmp_path / "claims.yml"
    path.write_text("3:\n  - says: It is so.\n")
    with pytest.raises(KwsError, match="needs `says` and one of verdict"):
        load_claims(path)
    assert set(KINDS) == {"verdict", "interval", "apart", "together", "value", "paired", "mcnemar"}
