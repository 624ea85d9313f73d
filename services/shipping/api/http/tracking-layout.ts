const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Makes a text safe in HTML content and attributes. */
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

/*
 * One style sheet inside the page: no other request, so that the page works on the worst connection and no other host learns of it.
 * Colors keep a contrast of at least 4.5 in both schemes.
 */
const style = `
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#1b1f24;--quiet:#59636e;--line:#d5dae0;--accent:#0b57d0;--good:#12692f;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1c2128;--text:#e8ebef;--quiet:#a3adb8;--line:#39414b;--accent:#8ab4f8;--good:#6fd08c;--bad:#f2b8b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.35rem;line-height:1.25;margin:0}
h2.good{color:var(--good)}h2.bad{color:var(--bad)}
h3{font-size:.8rem;letter-spacing:.04em;text-transform:uppercase;color:var(--quiet);margin:1.25rem 0 .4rem}
p{margin:.25rem 0}
.lead{max-width:42rem;margin-bottom:1rem}
.cards{display:grid;gap:1rem;max-width:40rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.1rem 1.25rem;overflow-wrap:anywhere}
.which{color:var(--quiet);font-size:.85rem;margin:0 0 .15rem}
.eta{margin-top:.3rem}
.quiet,.told,.when{color:var(--quiet)}
.quiet{font-size:.9rem;margin-top:.75rem}
.number{font-family:ui-monospace,Consolas,monospace;color:var(--text)}
.steps{list-style:none;display:flex;padding:0;margin:1.1rem 0 0}
.steps li{flex:1;position:relative;text-align:center;font-size:.74rem;line-height:1.2;color:var(--quiet);padding:1.5rem .15rem 0;overflow-wrap:normal}
.steps li::before{content:"";position:absolute;top:.5rem;left:-50%;width:100%;height:2px;background:var(--line)}
.steps li:first-child::before{display:none}
.steps .dot{position:absolute;top:.1rem;left:50%;width:.9rem;height:.9rem;margin-left:-.45rem;border-radius:50%;background:var(--card);border:2px solid var(--line);z-index:1}
.steps .done .dot,.steps .now .dot{background:var(--accent);border-color:var(--accent)}
.steps .done::before,.steps .now::before{background:var(--accent)}
.steps .now{color:var(--text);font-weight:600}
.steps .now .dot{box-shadow:0 0 0 4px color-mix(in srgb,var(--accent) 25%,transparent)}
.steps .done{color:var(--text)}
.scans{list-style:none;margin:0;padding:0}
.scans li{border-left:2px solid var(--line);padding:0 0 .7rem .8rem}
.scans.newest li{border-left-color:var(--accent)}
.what{font-weight:600}
.told,.when{font-size:.9rem}
details{margin-top:.25rem}
summary{cursor:pointer;color:var(--accent);padding:.35rem 0}
.contents{list-style:none;margin:0;padding:0}
.contents li{display:flex;gap:.5rem;padding:.15rem 0}
.count{flex:none;font-variant-numeric:tabular-nums;color:var(--quiet)}
.sku{color:var(--quiet);font-size:.85rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (min-width:52rem){.cards.several{grid-template-columns:1fr 1fr;max-width:none;align-items:start}main{padding-top:2.5rem}}
@media (max-width:24rem){.steps li{font-size:.68rem}}
`;

/** The frame of every page of ours. `body` is trusted HTML. */
export const pageOf = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex,nofollow">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body><main>${body}</main></body>
</html>
`;
