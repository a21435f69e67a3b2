"""What a text is probably about: a linear model over character n-grams, trained on the city's own closed cases.

It suggests with its confidence; it never decides. The weights are kept as plain numbers in the database.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from coordination.models import Case, CaseCategory, TextModel
from platform_core.errors import DomainError

FEATURES = 2**15
LEAST_CASES = 50
LEAST_PER_CATEGORY = 5
MOST_CASES = 200_000
TEST_SHARE = 0.2


def _vectors(texts: list[str]) -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(analyzer="char", ngram_range=(1, 3), n_features=FEATURES, alternate_sign=False)
    return hashing.transform(texts)


def train(seed: int = 312) -> TextModel:
    """Train on closed cases, measure on a fifth held back, keep the model. Raises DomainError with too few cases."""
    from sklearn.linear_model import SGDClassifier

    rows = Case.objects.filter(state="closed", category__isnull=False).order_by("-reported_at")
    pairs = list(rows.values_list("description", "category")[:MOST_CASES])
    counts: dict[str, int] = {}
    for _text, category in pairs:
        counts[category] = counts.get(category, 0) + 1
    pairs = [pair for pair in pairs if counts[pair[1]] >= LEAST_PER_CATEGORY]
    if len(pairs) < LEAST_CASES or len({category for _text, category in pairs}) < 2:
        raise DomainError(
            "too_few_cases", _("Too few closed cases to learn from: at least %d of two categories.") % LEAST_CASES
        )
    random.Random(seed).shuffle(pairs)  # noqa: S311 - a split, not a secret
    texts, labels = [text for text, _label in pairs], np.array([label for _text, label in pairs])
    matrix, cut = _vectors(texts), int(len(pairs) * (1 - TEST_SHARE))

    def fit(upto: int) -> Any:
        return SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=30, random_state=seed).fit(
            matrix[:upto], labels[:upto]
        )

    trial = fit(cut)
    chances, known = trial.predict_proba(matrix[cut:]), trial.classes_
    best = np.argsort(-chances, axis=1)[:, :3]
    hits = known[best] == labels[cut:, None]
    final = fit(len(pairs))
    store = io.BytesIO()
    np.savez_compressed(
        store,
        coef=final.coef_.astype(np.float32),
        bias=final.intercept_.astype(np.float32),
        classes=final.classes_.astype("U5"),
    )
    return TextModel.objects.create(
        case_count=len(pairs),
        category_count=len(final.classes_),
        accuracy=float(hits[:, 0].mean()),
        accuracy_top3=float(hits.any(axis=1).mean()),
        weights=store.getvalue(),
    )


@dataclass(frozen=True)
class Guess:
    """A category and how sure the model is, 0 to 1."""

    category: CaseCategory
    confidence: float


@lru_cache(maxsize=2)
def _loaded(pk: int) -> tuple[Any, Any, list[str]]:
    data = np.load(io.BytesIO(bytes(TextModel.objects.get(pk=pk).weights)), allow_pickle=False)
    return data["coef"], data["bias"], [str(code) for code in data["classes"]]


def suggest_categories(text: str, count: int = 3) -> list[Guess]:
    """The likeliest categories, best first; empty without a model or text."""
    newest = TextModel.objects.order_by("-id").values_list("pk", flat=True).first()
    if newest is None or not text.strip():
        return []
    coef, bias, classes = _loaded(newest)
    raw = (_vectors([text]) @ coef.T)[0] + bias
    chances = 1 / (1 + np.exp(-raw)) if len(classes) > 2 else _two(raw)
    chances = chances / chances.sum()
    best = np.argsort(-chances)[:count]
    found = CaseCategory.objects.current().in_bulk([classes[index] for index in best])
    return [Guess(found[classes[index]], float(chances[index])) for index in best if classes[index] in found]


def _two(raw: Any) -> Any:
    """With two classes the model has one row, the second's."""
    second = 1 / (1 + np.exp(-float(raw[0])))
    return np.array([1 - second, second])
