"""The ledger: an account of every reference that an extension takes and gives."""
