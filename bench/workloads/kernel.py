"""An operating system in miniature, after Martin Richards' benchmark.

Six tasks pass packets to each other through a scheduler. Nearly all of the time goes into
small methods that call one another. ``simulate()`` returns the two counts by which a right
implementation is known: 23,246 packets queued and 9,297 times held.
"""

from __future__ import annotations

from enum import IntEnum

EXPECTED = (23_246, 9_297)
SIZE = 4
LETTERS = 26


class Ident(IntEnum):
    """The tasks."""

    IDLE = 0
    WORKER = 1
    HANDLER_A = 2
    HANDLER_B = 3
    DEVICE_A = 4
    DEVICE_B = 5


class Packet:
    """A message in a linked list; ``owner`` is where it goes, and then whence it came."""

    def __init__(self, link: Packet | None, owner: Ident, work: bool) -> None:
        self.link = link
        self.owner = owner
        self.work = work
        self.position = 0
        self.data = [0] * SIZE


def append(packet: Packet, queue: Packet | None) -> Packet:
    """Return the queue with the packet at its end."""
    packet.link = None
    if queue is None:
        return packet
    last = queue
    while last.link is not None:
        last = last.link
    last.link = packet
    return queue


class Kernel:
    """The task list and the scheduler."""

    def __init__(self) -> None:
        self.tasks: dict[Ident, Task] = {}
        self.first: Task | None = None
        self.queued = self.held = 0

    def add(self, task: Task) -> None:
        """Add a task before all others."""
        self.tasks[task.ident] = task
        task.next = self.first
        self.first = task

    def schedule(self) -> None:
        """Run the tasks until none can go on."""
        task = self.first
        while task is not None:
            task = task.next if task.is_stopped() else task.take_turn()


class Task:
    """A task with a priority and a queue of packets."""

    def __init__(
        self, kernel: Kernel, ident: Ident, priority: int, queue: Packet | None, waiting: bool
    ) -> None:
        self.kernel = kernel
        self.ident = ident
        self.priority = priority
        self.queue = queue
        self.pending = queue is not None
        self.waiting = waiting
        self.is_held = False
        self.next: Task | None = None
        kernel.add(self)

    def is_stopped(self) -> bool:
        """Tell whether the scheduler must pass over this task."""
        return self.is_held or (self.waiting and not self.pending)

    def take_turn(self) -> Task | None:
        """Take a packet if one is waited for, and do one step."""
        packet = None
        if self.waiting and self.pending:
            packet = self.queue
            assert packet is not None
            self.queue = packet.link
            self.waiting = False
            self.pending = self.queue is not None
        return self.step(packet)

    def step(self, packet: Packet | None) -> Task | None:
        """Do one step and return the task to run next."""
        raise NotImplementedError

    def wait(self) -> Task:
        """Wait for a packet."""
        self.waiting = True
        return self

    def hold(self) -> Task | None:
        """Stop until released."""
        self.kernel.held += 1
        self.is_held = True
        return self.next

    def release(self, ident: Ident) -> Task:
        """Let another task go on, at once if it is the more important one."""
        other = self.kernel.tasks[ident]
        other.is_held = False
        return other if other.priority > self.priority else self

    def send(self, packet: Packet) -> Task:
        """Send a packet to its owner."""
        other = self.kernel.tasks[packet.owner]
        self.kernel.queued += 1
        packet.link = None
        packet.owner = self.ident
        return other.accept(packet, self)

    def accept(self, packet: Packet, sender: Task) -> Task:
        """Queue a packet; return who runs next."""
        if self.queue is None:
            self.queue = packet
            self.pending = True
            if self.priority > sender.priority:
                return self
        else:
            append(packet, self.queue)
        return sender


class Idle(Task):
    """Releases one of the devices, as a shift register says."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel, Ident.IDLE, 0, None, waiting=False)
        self.control = 1
        self.count = 10_000

    def step(self, packet: Packet | None) -> Task | None:  # noqa: ARG002 (it gets none)
        self.count -= 1
        if self.count == 0:
            return self.hold()
        low = self.control & 1
        self.control //= 2
        if not low:
            return self.release(Ident.DEVICE_A)
        self.control ^= 0xD008
        return self.release(Ident.DEVICE_B)


class Worker(Task):
    """Fills packets with letters and sends them to the handlers in turn."""

    def __init__(self, kernel: Kernel, queue: Packet) -> None:
        super().__init__(kernel, Ident.WORKER, 1000, queue, waiting=True)
        self.destination = Ident.HANDLER_A
        self.count = 0

    def step(self, packet: Packet | None) -> Task | None:
        if packet is None:
            return self.wait()
        to_a = self.destination is Ident.HANDLER_B
        self.destination = Ident.HANDLER_A if to_a else Ident.HANDLER_B
        packet.owner = self.destination
        packet.position = 0
        for place in range(SIZE):
            packet.data[place] = self.letter()
        return self.send(packet)

    def letter(self) -> int:
        """Return the next letter of the alphabet."""
        self.count = self.count % LETTERS + 1
        return ord("A") + self.count - 1


class Handler(Task):
    """Passes the letters of work packets to a device, one packet each."""

    def __init__(self, kernel: Kernel, ident: Ident, priority: int, queue: Packet) -> None:
        super().__init__(kernel, ident, priority, queue, waiting=True)
        self.work: Packet | None = None
        self.device: Packet | None = None

    def step(self, packet: Packet | None) -> Task | None:
        if packet is not None:
            self.sort_in(packet)
        work = self.work
        if work is None:
            return self.wait()
        if work.position >= SIZE:
            self.work = work.link
            return self.send(work)
        if self.device is None:
            return self.wait()
        return self.pass_on(work, self.device)

    def sort_in(self, packet: Packet) -> None:
        """Queue a packet by its kind."""
        if packet.work:
            self.work = append(packet, self.work)
        else:
            self.device = append(packet, self.device)

    def pass_on(self, work: Packet, device: Packet) -> Task:
        """Send the next letter."""
        self.device = device.link
        device.position = work.data[work.position]
        work.position += 1
        return self.send(device)


class Device(Task):
    """Keeps a packet until it is released."""

    def __init__(self, kernel: Kernel, ident: Ident, priority: int) -> None:
        super().__init__(kernel, ident, priority, None, waiting=True)
        self.kept: Packet | None = None

    def step(self, packet: Packet | None) -> Task | None:
        if packet is not None:
            self.kept = packet
            return self.hold()
        kept = self.kept
        if kept is None:
            return self.wait()
        self.kept = None
        return self.send(kept)


def simulate() -> tuple[int, int]:
    """Run the system once; return (packets queued, times held)."""
    kernel = Kernel()
    Idle(kernel)
    Worker(kernel, packets(2, Ident.WORKER, work=True))
    Handler(kernel, Ident.HANDLER_A, 2000, packets(3, Ident.DEVICE_A, work=False))
    Handler(kernel, Ident.HANDLER_B, 3000, packets(3, Ident.DEVICE_B, work=False))
    Device(kernel, Ident.DEVICE_A, 4000)
    Device(kernel, Ident.DEVICE_B, 5000)
    kernel.schedule()
    return kernel.queued, kernel.held


def packets(count: int, owner: Ident, *, work: bool) -> Packet:
    """Return a queue of new packets."""
    queue = Packet(None, owner, work)
    for _ in range(count - 1):
        queue = Packet(queue, owner, work)
    return queue
