"""A newsroom: agencies file stories, readers study them, and the front page is made.

    python examples/newsroom.py [--seconds 6]

A small program with the shapes of a real one, made to be recorded. Its parts:

    agencies (asyncio tasks)  ->  desk  ->  readers (3 threads)  ->  archivist (zlib, sha256)
      main thread, waiting       a queue     pure Python,         ->  librarian (SQLite)
      for slow networks                      sharing the GIL

and at the end, alone on the main thread, the editor compares stories with each other. The
work is the same in every run, whatever the order in which the threads take their turns;
``--seconds`` sets how much of it there is, as measured on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import re
import sqlite3
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

STORIES_PER_SECOND = 60
READERS = 3
AGENCIES = ("Albatross", "Bulletin", "Courier", "Dispatch", "Envoy", "Falcon")
VOCABULARY = {
    "harbour strike": "dockers harbour cranes cargo wages ferries union pickets shipping quay",
    "spring floods": "rivers flooding levees rainfall evacuated boats villages bridges dams mud",
    "city election": "voters ballots mayor council candidates polling debates districts parties",
    "comet passes": "comet telescope orbit astronomers dust observatory meteors planets sky",
    "chess final": "chess champion openings endgame gambit pawns bishops clocks draws",
    "": """the of and to in for that was with said by from on after were had their which been would
        about officials people morning reported yesterday during several expected little another
        country working because before meeting already although through between""",
}
TOPICS = {topic: words.split() for topic, words in VOCABULARY.items()}
COMMON = TOPICS.pop("")
SYLLABLES = ("ar", "bel", "cor", "dan", "el", "fer", "gar", "hol", "is", "kal", "lor", "mar", "nor")
NAMES = [first + last + "ton" for first in SYLLABLES for last in SYLLABLES]
TAG = re.compile(r"<[^>]+>")
WORD = re.compile(r"[a-z]+")
QUOTE = re.compile(r"“([^”]{8,200})”")
ENDINGS = ("ing", "ers", "er", "ies", "ed", "es", "s", "y")

Terms = Counter[str]


@dataclass(frozen=True, slots=True)
class Story:
    """A story that was read. ``terms`` counts its stemmed words."""

    agency: str
    number: int
    title: str
    body: str
    terms: Terms
    quotes: int

    @property
    def key(self) -> tuple[str, int]:
        """Tells stories apart, and orders them."""
        return self.agency, self.number


class Archivist(threading.Thread):
    """Compresses and signs each story: C code that needs no GIL while it works."""

    def __init__(self) -> None:
        super().__init__(name="archivist")
        self.inbox: Queue[Story | None] = Queue()
        self.plain = self.packed = 0
        self.fingerprint = 0

    def run(self) -> None:
        for story in iter(self.inbox.get, None):
            self.keep(story)

    def keep(self, story: Story) -> None:
        """File one story. The fingerprint does not depend on the order of the stories."""
        text = story.body.encode()
        packed = zlib.compress(text, 9)
        self.plain += len(text)
        self.packed += len(packed)
        self.fingerprint ^= int.from_bytes(sign(packed), "big")


def sign(packed: bytes) -> bytes:
    """Return a signature that is slow to forge."""
    return hashlib.pbkdf2_hmac("sha256", packed, b"newsroom", iterations=4_000)


class Librarian(threading.Thread):
    """Writes the index into a database on disk, and waits for the disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="librarian")
        self.inbox: Queue[Story | None] = Queue()
        self.path = path

    def run(self) -> None:
        with closing(sqlite3.connect(self.path)) as base:
            base.execute(
                "CREATE TABLE term (word TEXT, agency TEXT, number INTEGER, count INTEGER)"
            )
            base.execute("CREATE INDEX by_word ON term (word, agency)")
            for story in iter(self.inbox.get, None):
                self.index(base, story)

    def index(self, base: sqlite3.Connection, story: Story) -> None:
        """Add one story to the index."""
        rows = [(word, *story.key, count) for word, count in story.terms.items()]
        base.executemany("INSERT INTO term VALUES (?, ?, ?, ?)", rows)
        base.commit()


class Reader(threading.Thread):
    """Takes packets from the desk and turns them into stories: pure Python, so one at a time."""

    def __init__(
        self, number: int, desk: Queue[bytes | None], archive: Archivist, index: Librarian
    ):
        super().__init__(name=f"reader-{number}")
        self.desk, self.archive, self.index = desk, archive, index
        self.stories: list[Story] = []

    def run(self) -> None:
        for packet in iter(self.desk.get, None):
            story = read(packet)
            self.stories.append(story)
            self.archive.inbox.put(story)
            self.index.inbox.put(story)


def read(packet: bytes) -> Story:
    """Unpack a packet and study what is in it."""
    fields = json.loads(zlib.decompress(packet))
    text = TAG.sub(" ", fields["body"])
    return Story(
        fields["agency"],
        fields["number"],
        fields["title"],
        text,
        terms=count_terms(text),
        quotes=len(QUOTE.findall(text)),
    )


def count_terms(text: str) -> Terms:
    """Count the stems of all words that say something."""
    dull = set(COMMON)
    return Counter(stem(word) for word in WORD.findall(text.lower()) if word not in dull)


def stem(word: str) -> str:
    """Cut endings off a word until none is left: ``meetings`` becomes ``meet``."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return stem(word[: -len(ending)])
    return word


async def publish(agency: str, count: int, desk: Queue[bytes | None]) -> None:
    """File an agency's stories one after another, as fast as the desk takes them."""
    rng = random.Random(agency)
    for number in range(count):
        await download(rng)
        packet = compose(rng, agency, number)
        while desk.full():
            await asyncio.sleep(0.005)
        desk.put_nowait(packet)


async def download(rng: random.Random) -> None:
    """Wait for a network that answers in 5 to 40 ms."""
    await asyncio.sleep(rng.uniform(0.005, 0.040))


def compose(rng: random.Random, agency: str, number: int) -> bytes:
    """Write a story about one of the topics, as it would come over the wire."""
    topic = rng.choice(list(TOPICS))
    names = rng.sample(NAMES, 60)
    body = "".join(
        f"<p>{paragraph(rng, TOPICS[topic], names)}</p>" for _ in range(rng.randint(80, 120))
    )
    title = f"{topic.capitalize()}: {' '.join(rng.sample(TOPICS[topic], 3))}"
    fields = {"agency": agency, "number": number, "title": title, "body": body}
    return zlib.compress(json.dumps(fields).encode(), 1)


def paragraph(rng: random.Random, subject: list[str], names: list[str]) -> str:
    """Mix common words with those of the subject and with names, and quote somebody."""
    words = rng.choices(COMMON, k=55) + rng.choices(subject, k=15) + rng.choices(names, k=20)
    rng.shuffle(words)
    said = rng.randrange(len(words) - 12)
    words[said] = "“" + words[said]
    words[said + 10] += "”"
    return " ".join(words) + "."


def front_page(stories: list[Story]) -> Iterator[tuple[Story, float]]:
    """Yield the most typical story of each topic and how like the others it is (0 to 1)."""
    topics: dict[str, list[Story]] = {}
    for story in sorted(stories, key=lambda story: story.key):
        topics.setdefault(story.title.partition(":")[0], []).append(story)
    for about in sorted(topics.values(), key=len, reverse=True):
        yield max(((story, likeness(story, about)) for story in about), key=lambda pair: pair[1])


def likeness(story: Story, others: list[Story]) -> float:
    """Return the mean cosine between a story and all others on its topic."""
    return sum(cosine(story.terms, other.terms) for other in others) / len(others)


def cosine(a: Terms, b: Terms) -> float:
    """Return the cosine of the angle between two term vectors."""
    dot = sum(count * b[word] for word, count in a.items())
    return float(dot / (length(a) * length(b)))


def length(terms: Terms) -> float:
    """Return the length of a term vector."""
    return float(sum(count * count for count in terms.values()) ** 0.5)


async def gather(count: int, desk: Queue[bytes | None]) -> None:
    """Let every agency file its share of ``count`` stories."""
    share = count // len(AGENCIES)
    tasks = [
        asyncio.create_task(publish(agency, share, desk), name=agency.lower())
        for agency in AGENCIES
    ]
    await asyncio.gather(*tasks)


def edition(count: int, folder: Path) -> None:
    """Make one edition out of ``count`` stories and print its front page."""
    desk: Queue[bytes | None] = Queue(maxsize=2 * READERS)
    archivist, librarian = Archivist(), Librarian(folder / "index.db")
    readers = [Reader(number, desk, archivist, librarian) for number in range(1, READERS + 1)]
    threads = [archivist, librarian, *readers]
    for thread in threads:
        thread.start()
    asyncio.run(gather(count, desk))
    for _ in readers:
        desk.put(None)
    for reader in readers:
        reader.join()
    for clerk in (archivist, librarian):
        clerk.inbox.put(None)
        clerk.join()
    print_edition([story for reader in readers for story in reader.stories], archivist)


def print_edition(stories: list[Story], archivist: Archivist) -> None:
    """Print what was read and the front page."""
    words = sum(sum(story.terms.values()) for story in stories)
    quotes = sum(story.quotes for story in stories)
    print(f"{len(stories):,} stories from {len(AGENCIES)} agencies")
    print(f"{words:,} words that matter, {quotes:,} quotes")
    print(f"archive {archivist.plain / 1e6:.1f} MB in {archivist.packed / 1e6:.1f} MB, ", end="")
    print(f"fingerprint {archivist.fingerprint:064x}"[:28])
    for rank, (story, score) in enumerate(front_page(stories), 1):
        print(f"{rank}. {story.title:<48} {story.agency}, {score:.3f}")


def main() -> None:
    """Make an edition and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seconds", type=float, default=6, help="how much to do, about (default 6)"
    )
    seconds = parser.parse_args().seconds
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="newsroom-") as folder:
        edition(max(len(AGENCIES), int(seconds * STORIES_PER_SECOND)), Path(folder))
    print(f"printed after {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
