"""What a blocked thread waits for, told from its stack.

A sampler sees that a thread sleeps, not why; but who calls ``Condition.wait`` waits for
another thread, and who calls ``recv`` for the network. Stacks that tell nothing are waits
for ``Cause.SOMETHING``: no guess is made.
"""

from __future__ import annotations

import re
from enum import Enum

from wadjet.model.origin import shown
from wadjet.observe.sampling.diagnosis.evidence import Evidence


class Cause(Enum):
    """What is waited for, in the words of a message."""

    WORK = "for work"
    THREADS = "for other threads"
    LOCK = "for a lock"
    SLEEP = "in a sleep"
    NETWORK = "for the network"
    CHILD = "for a child process"
    PROCESS = "for another process"
    FILE = "for a file"
    SOMETHING = ""


_PYTHON = {
    ("threading.py", "Thread.join"): Cause.THREADS,
    ("threading.py", "Thread._wait_for_tstate_lock"): Cause.THREADS,
    ("threading.py", "_shutdown"): Cause.THREADS,
    ("concurrent/futures/_base.py", "Future.result"): Cause.THREADS,
    ("concurrent/futures/_base.py", "wait"): Cause.THREADS,
    ("concurrent/futures/_base.py", "as_completed"): Cause.THREADS,
    ("concurrent/futures/thread.py", "ThreadPoolExecutor.shutdown"): Cause.THREADS,
    ("concurrent/futures/thread.py", "_worker"): Cause.WORK,
    ("queue.py", "Queue.get"): Cause.WORK,
    ("selectors.py", "SelectSelector.select"): Cause.WORK,
    ("selectors.py", "_PollLikeSelector.select"): Cause.WORK,
    ("selectors.py", "EpollSelector.select"): Cause.WORK,
    ("socket.py", "socket.accept"): Cause.WORK,
    ("threading.py", "Condition.wait"): Cause.THREADS,
    ("threading.py", "Event.wait"): Cause.THREADS,
    ("queue.py", "Queue.put"): Cause.THREADS,
    ("socket.py", "SocketIO.readinto"): Cause.NETWORK,
    ("socket.py", "create_connection"): Cause.NETWORK,
    ("socket.py", "getaddrinfo"): Cause.NETWORK,
    ("ssl.py", "SSLSocket.read"): Cause.NETWORK,
    ("ssl.py", "SSLSocket.do_handshake"): Cause.NETWORK,
    ("subprocess.py", "Popen.wait"): Cause.CHILD,
    ("subprocess.py", "Popen._wait"): Cause.CHILD,
    ("subprocess.py", "Popen.communicate"): Cause.CHILD,
    ("subprocess.py", "Popen._communicate"): Cause.CHILD,
    ("multiprocessing/popen_fork.py", "Popen.poll"): Cause.CHILD,
    ("multiprocessing/connection.py", "Connection._recv"): Cause.PROCESS,
    ("multiprocessing/connection.py", "wait"): Cause.PROCESS,
}
_OUTER = {Cause.WORK, Cause.THREADS, Cause.CHILD}
_NATIVE = {
    "clock_nanosleep": Cause.SLEEP,
    "time_sleep": Cause.SLEEP,
    "pysleep": Cause.SLEEP,
    "recv": Cause.NETWORK,
    "recvfrom": Cause.NETWORK,
    "connect": Cause.NETWORK,
    "accept4": Cause.WORK,
    "epoll_wait": Cause.WORK,
    "fsync": Cause.FILE,
    "fdatasync": Cause.FILE,
    "wait4": Cause.CHILD,
    "waitpid": Cause.CHILD,
    "PyThread_acquire_lock_timed": Cause.LOCK,
}
_TEXT = (
    (re.compile(r"\bsleep\("), Cause.SLEEP),
    (re.compile(r"\.acquire\(|\bwith\b.*(?:lock|mutex|semaphore)", re.IGNORECASE), Cause.LOCK),
    (re.compile(r"\.(?:recv|recv_into|recvfrom|connect|sendall)\("), Cause.NETWORK),
    (re.compile(r"\.(?:accept|select|poll)\("), Cause.WORK),
    (re.compile(r"\bos\.(?:fsync|fdatasync|sync)\("), Cause.FILE),
    (re.compile(r"\bos\.(?:wait|waitpid|system)\("), Cause.CHILD),
)


def cause(evidence: Evidence, leaf: int) -> Cause:
    """Return what a thread blocked at node ``leaf`` waits for.

    The outermost library function that says so decides: who waits on a condition within
    ``Queue.get`` waits for work. Then the line of the program's own code, where it blocks.
    """
    tree = evidence.profile.tree
    told = Cause.SOMETHING
    for node in tree.path(leaf):
        function = tree.functions[tree.function_of(node)]
        if function.kind == "native":
            found = _NATIVE.get(function.name, Cause.SOMETHING)
        elif node == evidence.own[node]:
            return told if told is not Cause.SOMETHING else _by_text(evidence, node)
        else:
            found = _PYTHON.get((shown(function.file), function.name), Cause.SOMETHING)
        if told is Cause.SOMETHING or found in _OUTER:
            told = found if found is not Cause.SOMETHING else told
    return told


def _by_text(evidence: Evidence, node: int) -> Cause:
    text = evidence.text(evidence.place(node))
    return next((kind for pattern, kind in _TEXT if pattern.search(text)), Cause.SOMETHING)
