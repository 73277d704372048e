"""What gateways over HTTP have in common."""

import json
from typing import Any

import httpx

from app.notifications.channels.message import TIMEOUT, ChannelDown, RefusedForGood

LARGEST_ANSWER = 64 * 1024
TRY_LATER = {408, 425, 429}


class Gateway:
    """An address that takes JSON and answers it, over connections that stay open."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self._client = httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=False)

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the gateway answers to a message.

        Raises:
            RefusedForGood: a 4xx answer that another try would not change. ChannelDown: no answer
            in time. ValueError: another status, or an answer that makes no sense: try later.
        """
        try:
            with self._client.stream("POST", self.url, json=body) as answer:
                read = b""
                for piece in answer.iter_bytes():
                    read += piece
                    if len(read) > LARGEST_ANSWER:
                        raise ValueError("the answer is too long")
        except (httpx.TransportError, httpx.DecodingError) as fault:
            raise ChannelDown(repr(fault)) from fault
        if 400 <= answer.status_code < 500 and answer.status_code not in TRY_LATER:
            raise RefusedForGood(f"status {answer.status_code}")
        if not answer.is_success:
            raise ValueError(f"status {answer.status_code}")
        told = json.loads(read)
        if not isinstance(told, dict):
            raise ValueError("the answer is no object")
        return told

    def close(self) -> None:
        self._client.close()
