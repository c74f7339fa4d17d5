"""The script of a process that reads a workbook: Arrow streams on its standard output.

It imports nothing of segpredict, so that it starts soon. What it takes is limited by itself:
`python -P _workbook_process.py BYTES SECONDS < WORKBOOK`.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import fastexcel
import pyarrow as pa

NO_MEMORY, NOT_SOUND = 3, 4  # exit codes


def read_sheets(content: bytes) -> Iterator[pa.RecordBatch]:
    """Yield each sheet as text; its name, and the cells that hold errors, in the metadata."""
    workbook = fastexcel.read_excel(content)
    for name in workbook.sheet_names:
        sheet = workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        batch, wrong = sheet.to_arrow_with_errors() if sheet.height else (None, None)
        errors = [(*error.position, error.detail) for error in wrong.errors] if wrong else []
        facts = {"sheet": name, "errors": json.dumps(errors)}
        cells = pa.record_batch([], names=[]) if batch is None else batch
        yield cells.replace_schema_metadata(facts)


def _limit(memory: int, seconds: int) -> None:
    """End this process where it takes so much more memory than now, or so much time."""
    try:
        import resource
    except ImportError:  # Windows: the parent's limit of time is left
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, most))
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # macOS does not keep limits of address space
        return
    wanted = pages * resource.getpagesize() + memory
    given, most = resource.getrlimit(resource.RLIMIT_AS)
    if given == resource.RLIM_INFINITY or wanted < given:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


def main() -> int:
    """Read a workbook from the standard input."""
    content = sys.stdin.buffer.read()
    _limit(int(sys.argv[1]), int(sys.argv[2]))
    try:
        for batch in read_sheets(content):
            with pa.ipc.new_stream(sys.stdout.buffer, batch.schema) as stream:
                stream.write_batch(batch)
    except MemoryError:
        return NO_MEMORY
    except BaseException as error:
        sys.stderr.write(f"\n{(str(error) or type(error).__name__).splitlines()[0]}\n")
        return NOT_SOUND
    return 0


if __name__ == "__main__":
    sys.exit(main())
