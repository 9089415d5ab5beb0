"""page.html, light.css and dark.css in this folder: a page of each kind of thing, as the real Quarto writes it, and what of its two
themes touches it. test_site.py puts our styles and scripts to it. Needs `quarto` (pages.yml names the version). Run it again after an upgrade of Quarto:

    .venv/bin/python tests/site/quarto/make.py
"""
import functools, http.server, re, shutil, subprocess, tempfile, threading
from pathlib import Path

import nbformat.v4 as v4, yaml
from playwright.sync_api import sync_playwright

here = Path(__file__).parent
PROSE = '''> What the page is about.

## A heading with `code`

A paragraph with `code`, with [a link](https://example.org) and with [`a link in code`](https://example.org).

- `code` that begins an item, and [`linked code`](https://example.org)
- `code in an item, as long as a command of the shell that is wider than a telephone`
- a_word_that_is_as_long_as_an_address_and_wider_than_a_telephone

> A quotation with `code`.

| name | what it is |
| --- | --- |
| `code` | [`linked_code_that_is_wider_than_the_telephone`](https://example.org) |

<details><summary>An answer</summary>

It is $x$, or `code`.

</details>

### A heading below

$$x = 1$$'''
CODE = 'from math import pi  # a comment\nprint(f"{pi:.2f}", 1, True)'
TABLE = '<table border="1" class="dataframe"><thead><tr><th></th><th>a</th></tr></thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table>'
# the rules of a style sheet that touch an element of the page on a wide screen, its states such as :hover too, without grids and pictures
PRUNE = r'''mode => {
    const plain = s => s.replace(/::?(?:before|after|hover|focus|focus-visible|focus-within|active|visited|placeholder|disabled|[-a-z]*webkit[-a-z]*|[-a-z]*moz[-a-z]*)(?![-\w(])/g, '') || '*'
    const here = s => { try { return document.querySelector(plain(s)) } catch { return false } }
    const keep = r => r.media ? (matchMedia(r.conditionText).matches ? [...r.cssRules].map(keep).join('') : '')
        : r.selectorText?.split(/,(?![^(]*\))/).some(here) ? r.cssText.replace(/[-\w]+: [^;{}]*url\((?:"[^"]*"|[^)]*)\)[^;}]*;|(?:grid-|--quarto-scss-export-)[-\w]+:[^;]*;|display: grid;/g, '') + '\n' : ''
    const sheet = document.querySelector(`link#quarto-bootstrap[data-mode=${mode}]:not(.quarto-color-scheme-extra)`).sheet
    return [...sheet.cssRules].map(keep).join('')
}'''


def build(folder):
    "The smallest site with our look, by Quarto"
    config = yaml.safe_load((here.parents[2]/'_quarto.yml').read_text(encoding='utf-8'))
    del config['metadata-files'], config['format']['html']['css'], config['format']['html']['include-after-body'], config['website']['favicon']
    config['project'] = {'type': 'website', 'output-dir': 'out'}
    config['website'] |= {'title': 'A site', 'navbar': {'search': True, 'right': [{'text': 'A page', 'href': 'page.ipynb'}]}}
    config['website']['sidebar']['contents'] = ['index.md', {'section': 'A section', 'contents': ['page.ipynb']}]
    (folder/'_quarto.yml').write_text(yaml.safe_dump(config), encoding='utf-8')
    (folder/'index.md').write_text('---\ntitle: Home\n---\nThe word that is looked for: quotation.\n')
    out = [v4.new_output('stream', name='stdout', text='3.14 1 True\n'), v4.new_output('execute_result', data={'text/html': TABLE})]
    cells = [v4.new_raw_cell('---\ntitle: A page\n---'), v4.new_markdown_cell(PROSE), v4.new_code_cell(CODE, outputs=out)]
    (folder/'page.ipynb').write_text(v4.writes(v4.new_notebook(cells=cells, metadata={'kernelspec': {'name': 'python3', 'display_name': 'python3', 'language': 'python'}})))
    subprocess.run(['quarto', 'render'], cwd=folder, check=True)
    return folder/'out'


def snapshot(out):
    "The page as it stands once its scripts have run and the search has found something"
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as p:
        chrome = shutil.which('google-chrome') or shutil.which('chromium')
        tab = p.chromium.launch(executable_path=chrome, args=['--no-sandbox']).new_page(viewport={'width': 1300, 'height': 900})
        tab.goto(f'http://127.0.0.1:{server.server_port}/page.html')
        tab.wait_for_load_state()
        tab.locator('#quarto-search button').click()
        tab.locator('.aa-Input').fill('quotation')
        tab.locator('.aa-Panel a').first.wait_for()
        html = tab.evaluate('document.documentElement.outerHTML')
        for mode in ('light', 'dark'):
            tab.emulate_media(color_scheme=mode)
            tab.locator(f'body.quarto-{mode}').wait_for()
            (here/f'{mode}.css').write_text(tab.evaluate(PRUNE, mode), encoding='utf-8')
    server.shutdown()
    html = re.sub(r'<(script|style|svg)\b.*?</\1>|<(?:link|meta)\b[^>]*>| (?:data-original-href|onclick)="[^"]*"', '', html, flags=re.S)
    html = re.sub(r'href="http://127[^"]*"', 'href="#"', html)
    return '<!DOCTYPE html>\n<!-- made by make.py, with Quarto -->\n' + re.sub(r'\n\s*\n+', '\n', html) + '\n'


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder: (here/'page.html').write_text(snapshot(build(Path(folder))), encoding='utf-8')
