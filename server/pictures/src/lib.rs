//! Attached pictures: thumbnails and previews, formats that browsers do not show, and what a picture tells about a place. Pure: bytes in, bytes out.
