"""Unified identity 统一身份认证 (CJJ/T 312 §4.1.2-3)."""
