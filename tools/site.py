"""The site in _docs/, from the notebooks and _quarto.yml.

    python tools/site.py            by Quarto where it is installed, else the preview build
    python tools/site.py preview    the preview build: smalldocs, pure Python

Both begin with nbdev's own processing of the notebooks (_proc/), and both get KaTeX beside their pages: reading them asks nothing of the
network. Readers get Quarto's (.github/workflows/pages.yml); the preview is for writing and for tests/site/. A site with dead links, with
things loaded from elsewhere, with markup left as text or with empty headings is built, its faults are printed, and the exit code is 1.
"""
import ast, base64, json, re, shutil, struct, subprocess, sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat, yaml

root = Path(__file__).resolve().parents[1]
KATEX = root/'node_modules/katex/dist'
LONG = 60                                  # lines of code that a reader takes in at once
COLUMN = 751                               # pixels, of the column of text in a window of 1,300


def process(cfg):
    "nbdev's part of both builds: the folder of the processed notebooks"
    from nbdev import doclinks
    from nbdev.quarto import refresh_quarto_yml
    from nbdev.serve import proc_nbs
    refresh_quarto_yml()
    doclinks._build_modidx()
    folder = proc_nbs(force=True, n_workers=0)
    there = places(folder)
    for path in folder.rglob('*.ipynb'):
        nb = read(path)
        whole_options(nb, read(cfg.nbs_path/path.relative_to(folder)))
        mend_signatures(nb)
        relink(nb, there, f'{cfg.doc_host}{cfg.doc_baseurl}/')
        show_sources(nb)
        add_colab(nb, f'{cfg.git_url}/blob/{cfg.branch}/{cfg.nbs_path.name}/{path.relative_to(folder).as_posix()}')
        write(nb, path)
    return folder


def read(path):
    "A notebook in memory, where the source of a cell is one string"
    return nbformat.v4.reads(path.read_text(encoding='utf-8'))


def write(nb, path):
    "A notebook on disk, where a source is a list of lines, each with its newline: Quarto joins the lines of a string without their newlines"
    path.write_text(nbformat.v4.writes(nb), encoding='utf-8')


def whole_options(nb, source):
    "An option that is a block of text (`fig-alt: >`) loses all but its first line to nbdev: here it is whole again, as one line"
    said = {c.id: dict(re.findall(r'^#\| ([\w-]+): >\n((?:#\|   .*\n)+)', c.source, re.M)) for c in source.cells}
    for cell in nb.cells:
        for key, text in said.get(cell.get('id'), {}).items():
            text = json.dumps(' '.join(re.findall(r'^#\|\s+(.*)', text, re.M)), ensure_ascii=False)
            cell.source = re.sub(rf'^#\| {key}: *>\n(?:#\|   .*\n)*', lambda _: f'#| {key}: {text}\n', cell.source, flags=re.M)


def add_colab(nb, url):
    "nbdev makes front matter of the title's cell, and drops the badge in it; here it is a link in words, for its picture is on another site"
    text = f'::: {{.arm-run}}\n[Open in Colab]({url.replace("https://github.com", "https://colab.research.google.com/github")}) [The notebook]({url})\n:::'
    nb.cells.insert(1, nbformat.v4.new_markdown_cell(text, id='run'))


def mend_signatures(nb):
    "nbdev makes links of backticked names, also in the comments of a signature, where they would print as they stand: undo those, and fit its lines"
    def mended(m): return '\n'.join(fit(re.sub(r'\[(`[^`\n]+`)\]\([^)\n]*\)', r'\1', line)) for line in m[0].split('\n'))
    for out in (o for c in nb.cells for o in c.get('outputs', [])):
        if text := out.get('data', {}).get('text/markdown'): out.data['text/markdown'] = re.sub(r'^```python\n.*?^```', mended, text, flags=re.M | re.S)


def fit(line, width=88):
    "A line of a signature within `width` columns: long names of types and settings as defaults in short, else its comment above it, else over several lines"
    line = re.sub(r'(?<![\'"\w])\w+\.\w+\.(?:\w+\.)*(?=\w)', '', line)
    if len(line) > width: line = re.sub(r'=(\w+)\(\w+=.*?\)(?=, #|,?$)', r'=\1(...)', line)
    if len(line) <= width: return line
    code, _, said = line.partition(' # ')
    indent = code[:len(code) - len(code.lstrip())]
    lines = [f'{indent}# {said}'] * bool(said) + [indent]
    for part in re.split(r'(?<=,) (?=\**\w+:)', code.strip()):
        if len(lines[-1] + part) > width: lines.append(indent)
        lines[-1] += part + ' '
    return '\n'.join(l.rstrip() for l in lines)


def places(folder):
    "Name -> page and anchor where nbdev documents it"
    there = {}
    for path in folder.rglob('*.ipynb'):
        nb = read(path)
        page = re.search(r'output-file: (\S+)', nb.cells[0].source)
        page = path.with_name(page[1]) if page else path.with_suffix('.html')
        names = [re.search(r'show_doc\((.*)\)', c.source)[1] for c in nb.cells if c.get('has_sd')]
        there |= {name: f'{page.relative_to(folder).as_posix()}#{name.lower()}' for name in names}
    return there


def relink(nb, there, site):
    """nbdev makes links of all names of the library, of the last that bears a name (the command `run`), and of those that no page documents
    (`#| exporti`): a link leads to where its name is documented, or it is none"""
    def link(m): return f'[{m[1]}]({site}{there[m[2]]})' if m[2] in there else m[1]
    def mended(text): return re.sub(rf'\[(`(\w+)(?:\(\))?`)\]\({re.escape(site)}[^)\s]*\.html#\w+\)', link, text)
    for c in nb.cells:
        if c.cell_type == 'markdown': c.source = mended(c.source)
        for data in (o.data for o in c.get('outputs', []) if 'text/markdown' in o.get('data', {})): data['text/markdown'] = mended(data['text/markdown'])


def show_sources(nb):
    """A function's code stands on the page once, as it was written, under its name, also where a cell defines several; of a long class the
    page shows the signature, and its code folded"""
    cells = nb.cells
    shown = lambda c: c.get('has_sd') and re.search(r'show_doc\((.*)\)', c.source)[1]
    docs = {shown(c): c for c in cells if shown(c)}
    for cell in [c for c in cells if 'code-summary: "Exported source"' in c.source]:
        code = re.sub(r'^#\| code-(fold|summary):.*\n', '', cell.source, flags=re.M)
        pieces = list(split(code, docs))
        own = [cell, *(docs[name] for name, _ in pieces if name)]
        at = next(i for i, c in enumerate(cells) if c in own)
        rest = [c for c in cells if c not in own]
        cells[:] = rest[:at] + [c for i, piece in enumerate(pieces) for c in documented(cell, i, *piece, docs)] + rest[at:]


def split(code, names):
    "(name, code) of each definition in `code` that is one of `names`, with what stands above it; what stands below the last one stays with it"
    lines = code.splitlines(keepends=True)
    ends = {n.name: n.end_lineno for n in ast.parse(code).body if getattr(n, 'name', None) in names}
    starts = [0, *list(ends.values())[:-1]]
    yield from ((name, ''.join(lines[a:b]).strip('\n')) for name, a, b in zip(ends or [None], starts, [*starts[1:], len(lines)]))


def documented(cell, i, name, code, docs):
    "The cells of one definition: its heading, with its signature and docstring only where the code is long, and its code; `cell` is where that comes from"
    made = nbformat.from_dict({**cell, 'id': f'{cell.get("id", "c")}-{i}' if i else cell.get('id', 'c'), 'source': code})
    if not name: return [made]
    if len(code.splitlines()) > LONG: made.source = f'#| code-fold: true\n#| code-summary: "The code, {len(code.splitlines())} lines"\n{code}'
    else:
        for data in (o.data for o in docs[name].outputs):
            data['text/markdown'] = re.split(r'^(?=```python)', data['text/markdown'], maxsplit=1, flags=re.M)[0]
    return [docs[name], made]


def katex(out):
    "KaTeX for the pages in `out`, with the one format of fonts that every browser reads"
    keep = {'katex.min.js', 'katex.min.css', 'fonts', 'contrib', 'auto-render.min.js'}
    shutil.copytree(KATEX, out/'katex', dirs_exist_ok=True, ignore=lambda _, names: [n for n in names if n not in keep and not n.endswith('.woff2')])


def quarto(processed):
    subprocess.run(['quarto', 'render', '--no-cache'], cwd=processed, check=True)
    return processed/'_docs'


def preview(processed, site):
    "What smalldocs makes of the processed notebooks; `site` is where nbdev's links into the reference begin"
    import smalldocs.layout
    from smalldocs.config import load
    from smalldocs.site import Site
    folder = root/'_build_docs'
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(processed, folder, ignore=shutil.ignore_patterns('_docs'))
    names = rename(folder)
    for path in [p for ext in ('*.ipynb', '*.yml', '*.md') for p in folder.rglob(ext)]:
        text = path.read_text(encoding='utf-8')
        text = re.sub(r'(\]\(|href: )((?:\.\./|\w+/)*)(\w+\.ipynb)', lambda m: m[1] + m[2] + names.get(m[3], m[3]), text)
        path.write_text(text.replace(f'({site}', '(/'), encoding='utf-8')
    smalldocs.layout.KATEX = f'{site}katex'
    made = Site(load(folder), quiet=True)
    made.build()
    return Path(made.out)


def rename(folder):
    "Give each notebook the name that its `output-file` asks for (smalldocs ignores that key): old name -> new name"
    names = {}
    for path in folder.rglob('*.ipynb'):
        nb = read(path)
        matter = yaml.safe_load(nb.cells[0].source.strip().strip('-'))
        new = Path(matter.pop('output-file', path.with_suffix('.html').name)).with_suffix('.ipynb').name
        nb.cells[0].source = f'---\n{yaml.safe_dump(matter, sort_keys=False)}---\n'
        path.unlink()
        write(nb, path.with_name(new))
        names[path.name] = new
    return names


def mend(html, to_root, site, folder=None):
    "One page as the build made it, made fit to be read without a network; `to_root` leads from the page to the site's root, `folder` is where it lies"
    return fill_column(wrap_tables(without_requirejs(near_katex(html, to_root, site))), folder)


def fill_column(html, folder):
    "Pictures that a cell drew are shown up to a quarter larger than they were saved, as wide as the column at most: their letters have at least 9 points"
    def wide(m):
        inline, path = m['inline'], folder and m['path'] and folder/unquote(m['path'])
        head = base64.b64decode(inline) if inline else path.read_bytes()[:24] if path and path.is_file() else b''
        if head[:4] != b'\x89PNG': return m[0]
        width = struct.unpack('>I', head[16:20])[0]
        return f'<img style="width: {min(COLUMN, round(1.25*width))}px"{m[0][4:]}' if 300 < width < COLUMN else m[0]
    return re.sub(r'<img (?=[^>]*src="(?:data:image/png;base64,(?P<inline>.{32})|(?P<path>[^":]*_files/[^"]*\.png)))(?![^>]*style=)[^>]*>', wide, html)


def near_katex(html, to_root, site):
    "KaTeX by a relative address: Quarto wants one address for all pages (`html-math-method` in _quarto.yml), which a copy of the site does not have"
    return re.sub(rf'(?<=["\']){re.escape(site)}katex/', f'{to_root}katex/', html)


def without_requirejs(html):
    "Quarto asks a CDN for require.js and jquery wherever a cell has HTML among its outputs; our tables need neither"
    html = re.sub(r'<script src="https://cdnjs\.cloudflare\.com/ajax/libs/(?:require\.js|jquery)/[^>]*></script>\s*', '', html)
    return re.sub(r"""<script[^>]*>\s*define\('jquery'.*?</script>\s*""", '', html, flags=re.S)


def wrap_tables(html):
    "A table written in Markdown stands in a box that scrolls, as the preview build writes it; those of outputs have Quarto's own. Names of columns may break at _"
    html = re.sub(r'(<th\b[^>]*>)([^<]*_[^<]*)(?=</th>)', lambda m: m[1] + m[2].replace('_', '_<wbr>'), html)
    return re.sub(r'(?<!<div class="sd-table">)<table class="caption-top table">.*?</table>', r'<div class="sd-table">\g<0></div>', html, flags=re.S)


HEADINGS = ('h1', 'h2', 'h3', 'h4', 'h5', 'h6')


class Page(HTMLParser):
    """The anchors of a page, what it refers to, (tag, address), its text apart from code, and its headings that the next heading, or the
    end, follows with nothing between but a link to the source"""
    def __init__(self, path):
        super().__init__()
        self.ids, self.refs, self.text, self.empty, self.inside = set(), set(), '', [], []
        self.heading, self.filled = '', True                           # the last one within main, and whether something stood under it
        self.feed(path.read_text(encoding='utf-8'))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get('id'): self.ids.add(attrs['id'])
        self.refs |= {(tag, attrs[k]) for k in ('href', 'src') if attrs.get(k)}
        if tag in ('pre', 'code', 'script', 'style', 'main', *HEADINGS): self.inside.append(tag)
        elif tag == 'a' and 'float' in (attrs.get('style') or ''): self.inside.append(tag)
        if tag in HEADINGS and 'main' in self.inside:
            self.end_section()
            self.heading, self.filled = '', False
        elif tag in ('img', 'svg', 'input'): self.filled = True

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag: self.inside.pop()
        if tag == 'main': self.end_section()

    def handle_data(self, data):
        if not {'pre', 'code', 'script', 'style'} & {*self.inside}: self.text += data
        if {'script', 'style'} & {*self.inside}: return
        if {*HEADINGS} & {*self.inside}: self.heading += data
        elif data.strip() and 'a' not in self.inside: self.filled = True

    def end_section(self):
        if not self.filled: self.empty.append(' '.join(self.heading.split()))


def faults(out, site):
    """(page, where, what is wrong): each link within the site that leads nowhere, each thing that a page would load from elsewhere or by
    the site's absolute address, each mark of a fenced div that stands as text, and each heading with nothing under it"""
    pages, bad = {f.resolve(): Page(f) for f in Path(out).rglob('*.html')}, []
    for f, page in pages.items():
        bad += [(f, line.strip()[:60], 'markup left as text') for line in page.text.splitlines() if ':::' in line]
        bad += [(f, heading, 'a heading with nothing under it') for heading in page.empty]
        for tag, ref in page.refs:
            if ref.startswith(site) and tag != 'a': bad.append((f, ref, 'absolute address'))
            url = urlsplit('/' + ref[len(site):] if ref.startswith(site) else ref)
            if url.netloc and tag != 'a': bad.append((f, ref, 'loaded from elsewhere'))
            if url.netloc or url.scheme: continue                      # another site; data:, mailto:
            target = f if not url.path else (Path(out)/unquote(url.path)[1:] if url.path[0] == '/' else f.parent/unquote(url.path)).resolve()
            if target.is_dir(): target /= 'index.html'
            if not target.exists(): bad.append((f, ref, 'no such file'))
            elif url.fragment and target in pages and unquote(url.fragment) not in pages[target].ids: bad.append((f, ref, 'no such anchor'))
    return sorted((f.relative_to(Path(out).resolve()).as_posix(), ref, what) for f, ref, what in bad)


def main():
    if not KATEX.is_dir(): sys.exit('the site needs KaTeX: `npm ci` brings it into node_modules/')
    from nbdev.config import get_config
    cfg = get_config()
    site, by_quarto = f'{cfg.doc_host}{cfg.doc_baseurl}/', bool(shutil.which('quarto')) and 'preview' not in sys.argv
    processed = process(cfg)
    made = quarto(processed) if by_quarto else preview(processed, site)
    out = root/'_docs'
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(made, out)
    katex(out)
    pages = list(out.rglob('*.html'))
    for page in pages:
        to_root = '../'*len(page.relative_to(out).parent.parts)
        page.write_text(mend(page.read_text(encoding='utf-8'), to_root, site, page.parent), encoding='utf-8')
    bad = faults(out, site)
    for page, where, what in bad: print(f'{page}: {where}: {what}')
    print(f'{len(pages)} pages by {"Quarto" if by_quarto else "smalldocs"}, {len(bad)} faults. '
          'To read them: python -m http.server -d _docs, then localhost:8000')
    if bad: sys.exit(1)


if __name__ == '__main__': main()
