"""Parts of pages with a script of their own: one folder each, with its Python, JavaScript and CSS."""
