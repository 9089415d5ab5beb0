"""The explorers of nbs/library/explore.ipynb: moved by hand, headless, and one of them in a real JupyterLab in Chromium.

The notebook tests each picture by value. Here the sliders are moved as a kernel sees it, one after the other, and then as a reader
does, with a key on a slider in a browser. That last test is skipped, by name, where JupyterLab, Playwright or Chromium is missing.
"""
import hashlib, os, shutil, socket, subprocess, sys, time
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.request import urlopen

import matplotlib.pyplot as plt
import pytest, torch
from matplotlib.figure import Figure

from arm_nb import explore
from arm_nb.arm import ARM, ArmConfig
from arm_nb.explore import (arm_at, explore_recall, explore_run, explore_toy, gains, moments, plot_recall, plot_toy, png, scene_of, toy_scene)
from arm_nb.models import MLP, resnet18


@pytest.fixture
def scene():
    torch.manual_seed(0)
    arm = ARM(MLP((1, 6, 6), 5, 16), ArmConfig(N=4, M=4, S=3, recall_from=0))
    for _ in range(3): arm.observe(torch.rand(4, 1, 6, 6), torch.tensor([0, 1, 0, 1]))
    return scene_of(arm, torch.rand(4, 1, 6, 6), torch.tensor([2, 3, 2, 2]))


@pytest.fixture
def calls(monkeypatch):
    "What each plot_… was called with, while it draws as ever."
    seen = []
    def spy(name, plot):
        monkeypatch.setattr(explore, name, lambda *args: (seen.append(args), plot(*args))[1])
    for name in ('plot_recall', 'plot_toy', 'plot_moment'): spy(name, getattr(explore, name))
    return seen


def test_each_slider_of_a_recall_changes_what_is_drawn(scene, calls):
    box = explore_recall(scene)
    assert box.controls.keys() == {'image', 'S', *explore.LAMBDAS} and box.controls['S'].max == 6
    assert calls[0][2:] == (3, 0) and len(calls[0][1].x) == 7
    pictures = {box.picture.value}
    for name, value in dict(image=2, S=1, lambda_d=8., lambda_1=2., lambda_2=.3, lambda_3=0., lambda_4=.3, lambda_5=3., lambda_6=2.).items():
        box.controls[name].value = value
        pictures.add(box.picture.value)
        assert calls[-1][2:] == (box.controls['S'].value, box.controls['image'].value)
        if name in explore.LAMBDAS:                                  # the recall is the one with all that was changed so far
            now = scene.trace(S=6, **{n: box.controls[n].value for n in explore.LAMBDAS})
            assert torch.equal(calls[-1][1].x[-1], now.x[-1])
    assert len(pictures) == 10 == len(calls) and not plt.get_fignums()


def test_a_recall_is_taken_again_only_for_a_new_lambda(scene, monkeypatch):
    taken, trace = [], explore.Scene.trace
    monkeypatch.setattr(explore, 'plot_recall', lambda *args: Figure((1, 1)))
    monkeypatch.setattr(explore.Scene, 'trace', lambda self, **changed: taken.append(changed) or trace(self, **changed))
    box = explore_recall(scene)
    for s in range(7): box.controls['S'].value = s
    assert len(taken) == 1
    box.controls['lambda_3'].value = 1.
    box.controls['lambda_3'].value = 16.                             # where it was
    assert len(taken) == 2


def test_looking_leaves_a_scene_and_an_arm_alone():
    "A network with batch norm, whose statistics a recall would move, and copies of images."
    torch.manual_seed(0)
    arm = ARM(resnet18((3, 32, 32), 4, width=2), ArmConfig(N=3, M=6, S=2, eta_1=1., recall_from=0))
    xb, yb = torch.rand(3, 3, 32, 32), torch.tensor([0, 1, 0])
    before = {k: v.clone() for k, v in arm.model.state_dict().items()}
    scene = scene_of(arm, xb, yb)
    assert arm.t == 0 and arm.renewals == 0 and all(torch.equal(v, before[k]) for k, v in arm.model.state_dict().items())
    held = {k: v.clone() for k, v in scene.model.state_dict().items()}
    a, b = scene.trace(), scene.trace()
    scene.violation(xb)
    assert all(torch.equal(v, held[k]) for k, v in scene.model.state_dict().items())
    assert all(torch.equal(x, y) for x, y in zip(a.x, b.x)) and scene.weight.sum() == 6
    labels = [t.get_text() for t in plot_recall(scene, a, 2).axes[4].texts]
    assert [int(t.split('×')[1]) for t in labels] == scene.weight.int().tolist()
    arm.observe(xb, yb)
    assert torch.equal(arm.last.x_real, scene.x)                     # the copy drew what the original draws


def test_a_scene_keeps_the_dtype_and_the_start_of_its_arm():
    arm = ARM(MLP((1, 6, 6), 5, 8).double(), ArmConfig(N=4, M=6, S=1, recall_from=0, init='noise'))
    scene = scene_of(arm, torch.rand(4, 1, 6, 6).double(), torch.tensor([0, 1, 0, 1]))
    assert scene.x.shape == (6, 1, 6, 6) and scene.trace().x[-1].dtype == torch.float64
    assert gains(scene.trace(S=0))['eq. 8'].tolist() == [0.] and plot_recall(scene, scene.trace(S=0), 0).axes


def test_arm_at_goes_on_where_it_stopped():
    arm, ahead = arm_at(2, N=10, T=1, recall_from=0)
    other, others = arm_at(3, N=10, T=1, recall_from=0)
    arm(*next(ahead))
    assert all(torch.equal(a, b) for a, b in zip(arm.model.state_dict().values(), other.model.state_dict().values()))
    assert torch.equal(next(ahead)[0], next(others)[0])


def test_the_toy_answers_to_each_slider(calls):
    box = explore_toy()
    for name, value in dict(steps=1, S=7, lambda_d=4., lambda_1=0., lambda_3=.5).items():
        before = box.picture.value
        box.controls[name].value = value
        assert box.picture.value != before
    assert calls[-1][2] == 7
    now = toy_scene(1).trace(S=40, lambda_d=4., lambda_1=0., lambda_3=.5)
    assert torch.equal(calls[-1][1].x[7], now.x[7]) and not plt.get_fignums()


def test_a_run_without_album_is_shown_without_images(calls):
    record = explore.RunRecord('mnist-mini', 'arm', 'released', 0, {}, 'test', [[0, 1], [2, 3], [4, 5]], 6, accuracy=[[.9, None, None], [.6, .8, None], [.5, .7, .9]],
                               recalled=[None]*2 + [[.5, .4, .1, 0., 0., 0.]]*4, losses={'real': [1.]*6}, stage_ends=[2, 4, 6], complete=True)
    box = explore_run(record)
    t, film, *buttons = box.children[0].children
    assert t.options == (3, 4, 5, 6) and [b.description for b in buttons] == ['task 2, 3', 'task 4, 5']
    buttons[1].click()
    assert t.value == 5 and calls[-1] == (record, 5, None)
    film.value = 0
    assert t.value == 3 == calls[-1][1] and not plt.get_fignums()
    assert moments(record, {}) == [3, 4, 5, 6]                       # nothing was kept


# ---- a reader, a browser, a kernel

NEEDS = dict(jupyterlab=find_spec('jupyterlab'), playwright=find_spec('playwright'), chromium=shutil.which('chromium'))
PATIENCE = 150                                                      # seconds for one answer; a quiet machine needs a tenth


@contextmanager
def jupyterlab(folder):
    "A JupyterLab of this Python on a free port of this machine, with settings of its own."
    with socket.socket() as s: s.bind(('127.0.0.1', 0)); port = s.getsockname()[1]
    own = {k: str(folder/'.jupyter'/k) for k in ('JUPYTER_CONFIG_DIR', 'JUPYTER_DATA_DIR', 'JUPYTER_RUNTIME_DIR', 'IPYTHONDIR')}
    command = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', '--ip=127.0.0.1', f'--port={port}', '--ServerApp.port_retries=0', '--IdentityProvider.token=',
               f'--ServerApp.root_dir={folder}', '--LabApp.news_url=', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate']
    with open(folder/'lab.log', 'w') as log: server = subprocess.Popen(command, cwd=folder, env=os.environ | own, stdout=log, stderr=log)
    try:
        for _ in range(2*PATIENCE):
            assert server.poll() is None, (folder/'lab.log').read_text()
            try: urlopen(f'http://127.0.0.1:{port}/api', timeout=5).close(); break
            except OSError: time.sleep(.5)
        yield f'http://127.0.0.1:{port}'
    finally:
        server.terminate()
        try: server.wait(20)
        except subprocess.TimeoutExpired: server.kill()


@pytest.mark.skipif(not all(NEEDS.values()), reason='not here: ' + ', '.join(k for k, v in NEEDS.items() if not v))
def test_a_slider_moves_the_picture_in_jupyterlab(tmp_path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook
    from playwright.sync_api import expect, sync_playwright
    cells = [new_code_cell('from arm_nb.explore import explore_toy\nbox = explore_toy()\nbox'),
             new_code_cell("import matplotlib.pyplot as plt\nprint('S is', box.controls['S'].value, 'and', len(plt.get_fignums()), 'figures are open')")]
    nbformat.write(new_notebook(cells=cells, metadata=dict(kernelspec=dict(name='python3', display_name='python3', language='python'))), tmp_path/'toy.ipynb')
    toy = toy_scene()
    told = lambda s: hashlib.sha256(png(plot_toy(toy, toy.trace(S=40), s))).hexdigest()
    with jupyterlab(tmp_path) as base, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox', '--disable-gpu'])
        page = browser.new_page(viewport=dict(width=1300, height=1000))
        page.set_default_timeout(1000*PATIENCE); expect.set_options(timeout=1000*PATIENCE)
        page.goto(f'{base}/lab/tree/toy.ipynb')
        expect(page.locator('#jp-bottom-panel').get_by_text('| Idle')).to_be_visible()      # a cell run before its kernel is there asks which kernel to take
        page.locator('.jp-Notebook .jp-CodeCell').first.locator('.cm-content').click()
        page.keyboard.press('Shift+Enter')
        picture = page.locator('img.widget-image')
        expect(picture).to_be_visible()
        shown = lambda: hashlib.sha256(bytes(page.evaluate('async i => [...new Uint8Array(await (await fetch(i.src)).arrayBuffer())]', picture.element_handle()))).hexdigest()
        assert shown() == told(20)                                  # bit by bit what the function draws
        slider = page.locator('.widget-slider', has_text='S').filter(has=page.locator('.widget-label', has_text='S')).filter(has_not_text='steps').first
        first = picture.get_attribute('src')
        slider.locator('.noUi-handle').press('ArrowRight')
        expect(slider.locator('.widget-readout')).to_have_text('21')
        expect(picture).not_to_have_attribute('src', first)
        assert shown() == told(21)
        page.locator('.jp-Notebook .jp-CodeCell').nth(1).locator('.cm-content').click()
        page.keyboard.press('Shift+Enter')
        expect(page.get_by_text('S is 21 and 0 figures are open')).to_be_visible()
        browser.close()
