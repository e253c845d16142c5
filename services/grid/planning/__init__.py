"""网格调整: plans are checked (rules), laid out, assessed, decided and carried out, a module each."""
