"""`python -m dl_datalake` is `dl`."""

from dl_datalake.cli import main

raise SystemExit(main())
