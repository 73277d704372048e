"""Where things are: administrative units, sites, plots, restrictions."""
