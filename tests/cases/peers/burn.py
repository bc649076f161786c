import threading, time, zlib

DATA = bytes(range(256)) * 4096


def inner(number):
    return sum(range(number))


def burn(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        inner(2000)


def press(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        zlib.compress(DATA)


thread = threading.Thread(target=press, args=(0.5,))
thread.start()
burn(0.5)
thread.join()
