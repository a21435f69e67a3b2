"""The interface of app. B without any storage: codes, signature, `where`, checks of rows."""
