"""What happens in one system and others may react to; receivers run in the sender's transaction (docs/architecture.md).

Sibling systems do not import each other: they meet here.
"""

from __future__ import annotations

from django.dispatch import Signal

case_moved = Signal()
"""A case was reported or moved. Arguments: case, record (its StageRecord), move (its code)."""
