"""Money of no, two and three minor digits, the whole way: from what is typed to what the bank tells."""
