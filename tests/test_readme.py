"""The README's example, as written, in a fresh process outside the repository."""
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / 'README.md'


def test_ten_lines_run_as_written(tmp_path):
    code, = [b for b in re.findall(r'```python\n(.*?)```', README.read_text(), re.S) if 'ARM(' in b]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    out = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert out.returncode == 0, out.stderr
    accuracies = [int(p) for p in re.findall(r'(\d+)%', out.stdout)]
    assert len(accuracies) == 5
    assert sum(accuracies) / 5 > 40 and sum(a > 20 for a in accuracies[:4]) >= 2     # plain SGD: 0 on the first four
