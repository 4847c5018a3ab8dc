"""The dashboard: pages that a trader reads and acts on, served by the API's process from the same views and stores."""
