"""The pages: Starlette, Jinja, htmx. Whatever they show, `console.queries` found out."""
