"""The parts of a report, one file each: from columns to figures."""
