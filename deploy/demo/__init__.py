"""The demo: England's CCGs from 2013 to 2021 as data, the loader, and the account of what happened."""
