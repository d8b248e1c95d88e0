"""Paths to somebody who answers, one file each; which are used, in which order, is the site's configuration."""
