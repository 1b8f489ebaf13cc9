"""One module for each part of the site; each gives its routes."""
