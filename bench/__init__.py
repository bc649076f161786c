"""The benchmark: Wadjet beside its peers, on programs that know the truth about themselves."""
