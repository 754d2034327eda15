"""The pages of the dashboard: widgets and session state only."""
