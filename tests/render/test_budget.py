"""What the reports say of the error budget."""

import pytest

from tests.render.incidents import pid_leak
from triage.model.incident import BudgetShare, Incident
from triage.render import render
from triage.render.view.budget import budget_sentence


def with_budgets(*budgets: BudgetShare) -> Incident:
    incident = pid_leak()
    return incident.model_copy(
        update={"alignment": incident.alignment.model_copy(update={"budget": budgets})},
    )


def rate(service: str, share: float | None, objective: str = "a", lookback: float = 300) -> BudgetShare:
    return BudgetShare(
        service=service,
        objective=objective,
        share=share,
        time_share=None if share is None else 0.11,
        measure="burn-rate",
        lookback_s=lookback,
    )


@pytest.mark.parametrize(
    ("budgets", "sentence"),
    [
        (
            (rate("cart", 0.871), rate("web", 0.002)),
            "Of the error budget burned in this window, 87 % of cart's and <1 % of web's burned in an episode or the "
            "five minutes after it, which take 11 % of the time.",
        ),
        (
            (rate("cart", 0.5, "latency"), rate("cart", 1.0, "errors")),
            "Of the error budget burned in this window, 100 % of cart (errors)'s and 50 % of cart (latency)'s burned "
            "in an episode or the five minutes after it, which take 11 % of the time.",
        ),
        (
            (rate("cart", None, lookback=3600),),
            "How much of the burned error budget of cart is the episodes' cannot be told: the burn rate looks back "
            "1 h, longer than most episodes.",
        ),
        (
            tuple(rate(name, share) for name, share in zip("abcdef", (0.1, 0.62, 0.9, 0.001, 0.75, 0.8), strict=True)),
            "Of the error budget burned in this window, 90 % of c's, 80 % of f's, 75 % of e's and <1 to 62 % of 3 more "
            "services' burned in an episode or the five minutes after it, which take 11 % of the time.",
        ),
        ((), ""),
    ],
)
def test_one_sentence_says_what_the_episodes_cost(budgets: tuple[BudgetShare, ...], sentence: str) -> None:
    assert budget_sentence(with_budgets(*budgets)) == sentence


def test_page_and_markdown_say_it_and_escape_the_service() -> None:
    incident = with_budgets(rate("<b>ca*rt</b>", 0.5))
    assert "50 % of &lt;b&gt;ca*rt&lt;/b&gt;&#39;s burned" in render(incident, "html", redact=False)
    assert "50 % of \\<b\\>ca\\*rt\\</b\\>'s burned" in render(incident, "markdown", redact=False)


def test_without_alerts_it_is_said_all_the_same() -> None:
    incident = with_budgets(rate("cart", 0.5))
    alone = incident.model_copy(
        update={
            "alerts": (),
            "alignment": incident.alignment.model_copy(update={"alerts": 0, "aligned": 0}),
            "episodes": tuple(e.model_copy(update={"alerts": ()}) for e in incident.episodes),
        }
    )
    assert render(alone, "html", redact=False).count("50 % of cart&#39;s burned") == 1
