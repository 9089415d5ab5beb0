"""README.md from nbs/index.ipynb, without Quarto. Hidden cells stay out, saved outputs come along, pictures go to README_files/.

    python tools/readme.py             write README.md
    python tools/readme.py --check     exit code 1 when README.md is not what it would write
"""
import base64, re, sys
from pathlib import Path
import nbformat

root = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r'^(#\| [\w-]+:) >((?:\n#\|   .*)+)', re.M)           # an option over several lines
DIRECTIVE = re.compile(r'^#\s*\|\s*(\S+?):?(?:\s+(.*))?$')


def fence(text, lang=''): return f'```{lang}\n{text.rstrip()}\n```'


def from_root(text):
    "What lies in nbs/ is named from the root, except in a whole address."
    return re.sub(r'(\]\(|src="|srcset=")(?!\w+:|#|/)([^)\s"]+\.(?:ipynb|gif|png|svg))', r'\1nbs/\2', text)


def output(o, files, stem, alt=''):
    "One saved output as markdown; a picture is added to `files`."
    if o.output_type == 'stream': return fence(o.text)
    data = o.get('data', {})
    if 'text/markdown' in data: return from_root(data['text/markdown'].strip())
    if 'image/png' in data:
        name = f'README_files/{stem}.png'
        files[name] = base64.b64decode(data['image/png'])
        return f'![{alt}]({name})'
    return fence(data['text/plain']) if 'text/plain' in data else ''


def cell_parts(cell, files):
    "The markdown pieces of one cell."
    if cell.cell_type == 'markdown':  # the site's boxes stay out
        return [from_root(re.sub(r'^</?div.*\n+', '', cell.source + '\n', flags=re.M).strip())]
    if cell.cell_type != 'code': return []
    lines = BLOCK.sub(lambda m: m[1] + m[2].replace('\n#|  ', ''), cell.source).splitlines()
    says = {m[1]: (m[2] or '').strip() for m in map(DIRECTIVE.match, lines) if m}
    if 'hide' in says or says.get('include') == 'false': return []
    src = '\n'.join(l for l in lines if not DIRECTIVE.match(l)).strip()
    parts = [fence(src, 'python')] if src and says.get('echo') != 'false' else []
    if says.get('output') != 'false':
        parts += [output(o, files, f'{cell.id}_{i}', says.get('fig-alt', '')) for i, o in enumerate(cell.outputs)]
    return parts


def readme(index=root/'nbs/index.ipynb'):
    "-> (text of README.md, {path: bytes} of its pictures)"
    files, parts = {}, ['<!-- Made from nbs/index.ipynb by `make readme`: edit that. -->']
    for cell in nbformat.read(index, as_version=4).cells: parts += cell_parts(cell, files)
    return '\n\n'.join(p for p in parts if p) + '\n', files


def out_of_step():
    "Names of what README.md and README_files/ lack, have too much, or have otherwise."
    text, files = readme()
    want = {'README.md': text.encode(), **files}
    have = {str(p.relative_to(root)): p.read_bytes() for p in [root/'README.md', *(root/'README_files').glob('*')] if p.exists()}
    return sorted(n for n in want.keys() | have.keys() if want.get(n) != have.get(n))


if __name__ == '__main__':
    if '--check' in sys.argv:
        bad = out_of_step()
        sys.exit(f'Not in step with nbs/index.ipynb: {", ".join(bad)}. Run `make readme`.' if bad else 0)
    text, files = readme()
    for p in (root/'README_files').glob('*'): p.unlink()
    for name, data in files.items():
        (root/name).parent.mkdir(exist_ok=True)
        (root/name).write_bytes(data)
    (root/'README.md').write_text(text, encoding='utf-8')
    print(f'README.md: {len(text.splitlines())} lines, {len(files)} pictures')
