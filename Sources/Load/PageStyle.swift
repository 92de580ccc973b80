/// How the page looks, by day and by night.
enum PageStyle {
  static let text = """
    :root{--ink:#222;--back:#fff;--quiet:#6b7278;--line:#e4e6e8;--card:#f6f7f8;--c1:#1f5f99;--c2:#d9741a;
    --c3:#c9302c;--c4:#2e8540;--c5:#8e5bb5;--c6:#8a6d1c;--shade:#eceff2}
    @media (prefers-color-scheme:dark){:root{--ink:#e4e6e8;--back:#15181c;--quiet:#929aa2;--line:#2b3037;
    --card:#1d2126;--c1:#79b8f0;--c2:#f2a35e;--c3:#ff6b61;--c4:#62bd72;--c5:#c49be4;--c6:#d8bd63;--shade:#22272d}}
    body{font:14px/1.45 ui-sans-serif,system-ui,sans-serif;margin:24px auto;padding:0 20px;max-width:1080px;
    color:var(--ink);background:var(--back)}
    h1{font-size:23px;margin-bottom:0}h2{font-size:17px;margin:32px 0 6px}.quiet{color:var(--quiet);margin:2px 0 10px}
    .caution{color:var(--c3);font-weight:600;white-space:pre-wrap}.verdict{font-size:18px}
    .tiles{display:flex;flex-wrap:wrap;gap:10px;margin:16px 0}
    .tile{background:var(--card);border-radius:8px;padding:10px 16px;flex:1 1 auto}
    .tile b{display:block;font-size:20px;white-space:nowrap;font-variant-numeric:tabular-nums}
    .tile span{color:var(--quiet);font-size:12px}
    figure{margin:14px 0}figcaption{font-weight:600;font-size:13px}svg{display:block;width:100%;height:auto}
    .wide{overflow-x:auto;margin:10px 0}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;
    width:100%}th,td{padding:3px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
    thead th{color:var(--quiet);font-weight:600}tbody th,th:first-child{text-align:left;font-weight:500}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:10px 0;font-size:13px;align-content:start}
    dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
    .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:0 40px}
    text{font:11px ui-sans-serif,system-ui,"DejaVu Sans",sans-serif;fill:var(--ink)}
    .tick,.shadename,.levelname{fill:var(--quiet)}.tick.y,.levelname{text-anchor:end}.tick.x,.note{text-anchor:middle}
    .note{font-size:14px;fill:var(--quiet)}.grid{stroke:var(--line)}.warmup{fill:var(--shade)}
    .view{stroke:var(--c3);stroke-dasharray:2 3}.step{stroke:var(--quiet);stroke-dasharray:1 4}
    .knee{stroke:var(--c4);stroke-width:1.5}.level{stroke:var(--c3);stroke-dasharray:6 4}
    .curve{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}.thin{stroke-width:1.2}
    .dots{fill:none;stroke-width:5;stroke-linecap:round}.dots.thin{stroke-width:0}
    .held,.failed{stroke-width:8}.columns{stroke:none}.hint{fill:transparent}.hint:hover{fill:var(--quiet);opacity:.14}
    .achieved,.p50,.reads,.flight{stroke:var(--c1)}.target{stroke:var(--quiet);stroke-dasharray:5 4}
    .dots.target{stroke-width:0}.p99,.writes,.backlog{stroke:var(--c2)}.max,.failed{stroke:var(--c3)}
    .percentiles .dots{stroke-width:0}.held{stroke:var(--c4)}.service{stroke-dasharray:2 4}.dots.service{stroke-width:0}
    .kind0{fill:var(--c3)}.kind1{fill:var(--c2)}.kind2{fill:var(--c6)}.kind3{fill:var(--c1)}.kind4{fill:var(--c4)}
    .kind5{fill:var(--quiet)}.labelled{fill:var(--c5)}
    @media print{.hint{display:none}}
    """
}
