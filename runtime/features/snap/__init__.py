"""One product capture: shutter → burst → codes and text → fields → card.

``feature`` runs it on the glasses, ``pipeline.read_product`` on files; both share every stage.
"""
