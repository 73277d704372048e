"""Pages as a browser without scripts asks for them, in the world that the API's tests share."""

from tests.api.conftest import _made, world

__all__ = ["_made", "world"]
