"""Charts as SVG, drawn on the server: what each is made of is decided here, in the grammar of Vega-Lite.

A chart comes in two widths, of which a page shows one. Each mark has its value as a label and in words; the page has
the same as a table beneath. Vega-Lite itself runs in a process of its own (`worker`), which `drawing` keeps.
"""
