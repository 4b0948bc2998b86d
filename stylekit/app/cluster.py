"""Painting by several processes, on this machine or on others, by Dask.

A task is one picture or one shot of a clip, painted into its own folder. A process that dies is
replaced, and its task begins again: frames that were finished are there. All machines of a
cluster need the same stylekit, and must see the same files under the same paths.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ..errors import SettingsError
from . import tasks
from .tasks import Outcome

Item = TypeVar("Item")

# Seconds to wait for a scheduler that was named.
_CONNECT_SECONDS = 20


@contextmanager
def _client(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    """A connection to a scheduler, or to `workers` new processes of this machine."""
    try:
        import dask
        import distributed
        from distributed.security import Security
    except ImportError:
        raise SettingsError(
            "--workers" if workers else "--scheduler",
            'needs Dask; install it with: pip install "stylekit[cluster]"',
        ) from None
    if scheduler:
        try:
            client = distributed.Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(
                "--scheduler",
                f"no scheduler answers at {scheduler}; start one with dask scheduler, and give "
                "the address that it prints, such as tcp://192.168.1.5:8786",
            ) from error
        with client:
            yield client
        return
    threads = str(max(1, (os.cpu_count() or 1) // (workers or 1)))
    # It tells what each process does; a failure is told by its outcome.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with (
        # No pages about the work, which anybody on this machine could read.
        dask.config.set(
            {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
        ),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            # Other users of this machine must not give tasks to these processes.
            security=Security.temporary(),
            protocol="tls://",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            # Dask would end a process that takes its share of the memory.
            memory_limit=0,
            silence_logs="CRITICAL",
            env={"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads},
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def painted_by(
    items: Sequence[tuple[Item, argparse.Namespace]],
    *,
    clips: bool,
    workers: int | None,
    scheduler: str | None,
) -> Iterator[tuple[Item, Outcome]]:
    """Paint pictures or clips by a cluster; each is given back when it is finished, with its item.

    Parameters
    ----------
    items : anything that stands for an input, and its parsed options
    clips : whether they are clips, which are divided at their shots
    workers : the number of processes to start on this machine
    scheduler : the address of a scheduler to use in their place

    Raises
    ------
    SettingsError : if Dask is missing, or no scheduler answers
    """
    if not items:
        return
    with _client(workers, scheduler) as client:
        yield from _Work(client, items, clips=clips).outcomes()


class _Work:
    """The tasks that are under way, and what follows each."""

    def __init__(
        self, client: Any, items: Sequence[tuple[Item, argparse.Namespace]], *, clips: bool
    ) -> None:
        from distributed import as_completed

        self._client = client
        self._items = items
        self._folder = Path.cwd()
        self._left: Counter[int] = Counter()
        self._told: dict[int, list[str]] = {number: [] for number in range(len(items))}
        self._failed: dict[int, str] = {}
        self._began: dict[int, float] = {}
        first = tasks.find_shots if clips else tasks.paint_picture
        self._stages: dict[Any, tuple[int, Any]] = {}
        futures = [self._submit(number, first) for number in range(len(items))]
        self._done = as_completed(futures, loop=client.loop)

    def _submit(self, number: int, task: Any, *arguments: int) -> Any:
        options = self._items[number][1]
        future = self._client.submit(task, options, self._folder, *arguments, pure=False)
        self._stages[future.key] = number, task
        return future

    def outcomes(self) -> Iterator[tuple[Any, Outcome]]:
        """The items with what became of them, each when nothing of it is left to do."""
        for future in self._done:
            number, task = self._stages.pop(future.key)
            outcome = _outcome_of(future)
            self._told[number] += [t for t in outcome.told if t not in self._told[number]]
            if outcome.error:
                self._failed.setdefault(number, outcome.error)
            if task is tasks.find_shots:
                self._began[number] = time.monotonic() - outcome.seconds
            if task is tasks.find_shots and not outcome.error and outcome.value:
                self._left[number] = len(outcome.value)
                for first, stop in outcome.value:
                    self._done.add(self._submit(number, tasks.paint_shot, first, stop))
                continue
            if task is tasks.paint_shot:
                self._left[number] -= 1
                if self._left[number]:
                    continue
            if task in (tasks.find_shots, tasks.paint_shot) and number not in self._failed:
                self._done.add(self._submit(number, tasks.finish_clip))
                continue
            error, told = self._failed.get(number, ""), tuple(self._told[number])
            value = outcome.value
            if task is tasks.finish_clip and value is not None:
                # The process that wrote the clip knows its own time alone.
                value = dataclasses.replace(value, seconds=time.monotonic() - self._began[number])
            yield self._items[number][0], Outcome(value=value, error=error, told=told)


def _outcome_of(future: Any) -> Outcome:
    with contextlib.suppress(Exception):
        result: Outcome = future.result()
        return result
    # A process that died several times with the same task, or an error that nobody foresaw.
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return Outcome(
            error="a process ended several times while it painted, perhaps because there was not "
            "enough memory; use fewer --workers, or a smaller --size"
        )
    return Outcome(error=f"{type(error).__name__}: {error}")
