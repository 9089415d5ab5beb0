"""Run notebooks from top to bottom, in the order of their names, and save their outputs in them.

    python tools/run_notebooks.py [NOTEBOOK ...]      all under nbs/ when none is named; `nbdev_clean` follows
"""
import os, subprocess, sys, time
from pathlib import Path

os.environ['MPLBACKEND'] = 'module://matplotlib_inline.backend_inline'
import nbformat
from nbclient import NotebookClient
from tqdm import tqdm

root = Path(__file__).resolve().parents[1]


def notebooks(): return sorted(p for p in (root/'nbs').rglob('*.ipynb') if not any(d[0] in '._' for d in p.relative_to(root).parts))


WIDGET = 'application/vnd.jupyter.widget-view+json'   # alive only beside a kernel: the page shows the figure that stands beside it


def run(path):
    nb, start = nbformat.read(path, as_version=4), time.time()
    NotebookClient(nb, timeout=1800, kernel_name='python3', store_widget_state=False, resources={'metadata': {'path': str(path.parent)}}).execute()
    for c in nb.cells:
        if c.cell_type == 'code': c.outputs = [o for o in c.outputs if WIDGET not in o.get('data', {})]
    nbformat.write(nb, path)  # reached only when every cell ran: a notebook that fails keeps its old outputs
    return time.time() - start


for p in (bar := tqdm([Path(a).resolve() for a in sys.argv[1:]] or notebooks(), disable=None)):
    bar.set_description(p.name)
    print(f'{p.relative_to(root)}: {run(p):.1f} s', flush=True)
    subprocess.run([Path(sys.executable).parent/'nbdev_clean', '--fname', p], cwd=root, check=True)
