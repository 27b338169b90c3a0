"""Runs a command on a pseudo-terminal of a given size and copies what it writes. Ctrl-C is typed once it wrote a word."""
import fcntl
import os
import pty
import struct
import sys
import termios

columns, rows, word = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
pid, terminal = pty.fork()
if pid == 0:
    # The size must be known before the command asks for it.
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[4], sys.argv[4:])
written = b""
typed = word == b""
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    written += data
    if not typed and word in written:
        os.write(terminal, b"\x03")
        typed = True
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(written)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
