"""Settings, put together from the environment and the tier's profile."""

from .base import *  # noqa: F403 - Django reads names of this module
from .security import *  # noqa: F403
