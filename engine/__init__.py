"""The back office: diagrams, law, money and controls. No web page is here."""
